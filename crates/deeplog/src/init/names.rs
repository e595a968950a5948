//! Names for the fields of a guessed header.

use std::collections::BTreeSet;

use super::columns::Column;

/// The names given so far.
#[derive(Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    /// The name, with a number behind it if it is taken.
    pub(super) fn unique(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let free = std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !self.has(name));
        let name = free.unwrap_or_default();
        self.0.push(name.clone());
        name
    }

    /// A name for a column by what it holds, and whether a separator follows.
    pub(super) fn of_column(&mut self, cells: &[&Column<'_>], parted: bool) -> String {
        let most =
            |is: &dyn Fn(&Column<'_>) -> bool| cells.iter().filter(|cell| is(cell)).count() * 100 >= cells.len() * 97;
        let values: BTreeSet<_> = cells.iter().map(|cell| cell.text).collect();
        let name = if most(&|cell| cell.bracket == Some(b'<') && cell.is_number()) {
            "Priority"
        } else if most(&|cell| cell.is_level()) {
            "Level"
        } else if most(&|cell| cell.is_number()) {
            if self.has("Pid") { "Tid" } else { "Pid" }
        } else if most(&|cell| cell.bracket.is_some()) {
            if self.has("Thread") { "Context" } else { "Thread" }
        } else if (parted && !self.0.is_empty() && !self.has("Component")) || most(&|cell| cell.is_dotted()) {
            "Component"
        } else if most(&|cell| is_date(cell.text)) {
            "Date"
        } else if self.0.is_empty() && values.contains(b"-".as_slice()) && values.len() <= 100 {
            "Label"
        } else if most(&|cell| cell.text.iter().any(u8::is_ascii_alphabetic)) && !self.has("Host") {
            "Host"
        } else {
            "Field"
        };
        self.unique(name)
    }
}

fn is_date(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let marks = text.iter().filter(|byte| b"-./".contains(byte)).count();
    digits >= 6 && marks == 2 && digits + marks == text.len()
}

/// The fields of a stamp with this format, and how the header format writes them.
pub(super) fn stamp_fields(format: &str, is_one: bool, names: &mut Names) -> (Vec<String>, String) {
    let words: Vec<&str> = if is_one {
        vec![format]
    } else {
        format.split(' ').collect()
    };
    let fields: Vec<String> = words.iter().map(|word| names.unique(stamp_word(word))).collect();
    let pattern: Vec<String> = fields.iter().map(|field| format!("<{field}>")).collect();
    (fields, pattern.join(" "))
}

fn stamp_word(format: &str) -> &'static str {
    let has = |codes: &[&str]| codes.iter().any(|code| format.contains(code));
    if has(&["%s"]) {
        "Timestamp"
    } else if has(&["%H", "%I"]) {
        "Time"
    } else if has(&["%y", "%m"]) || (has(&["%b"]) && has(&["%d"])) {
        "Date"
    } else if has(&["%b"]) {
        "Month"
    } else if has(&["%d"]) {
        "Day"
    } else if has(&["%a"]) {
        "Weekday"
    } else if has(&["%Y"]) {
        "Year"
    } else if has(&["%p"]) {
        "HalfDay"
    } else {
        "Zone"
    }
}

/// Text as the header format writes it.
pub(super) fn literal(text: &[u8]) -> String {
    let mut pattern = String::new();
    for character in String::from_utf8_lossy(text).chars() {
        match character {
            // An angle bracket would begin a field.
            '<' => pattern.push_str(r"\x3c"),
            '>' => pattern.push_str(r"\x3e"),
            special if r"\.+*?()|[]{}^$".contains(special) => pattern.extend(['\\', special]),
            other => pattern.push(other),
        }
    }
    pattern
}
