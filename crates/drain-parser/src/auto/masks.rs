//! What a parameter looks like on any system: the masks that come built in.

/// A mask, by the name that its parameters carry.
#[derive(Debug)]
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    pub(super) regex: &'static str,
}

/// What is no parameter unless it holds a digit: words, in which single dots, dashes and the like stand between letters.
pub(super) const WORD: &str = r"[\w]+(?:[.$@'-][\w]+)*";

/// A word with a digit.
pub(super) const IDENTIFIER: &str = "ID";
/// What stands behind `key=`.
pub(super) const VALUE: &str = "VALUE";
/// What stands in quotes behind `key=` or `"key":`.
pub(super) const QUOTED: &str = "QUOTED";
/// Nothing, in brackets that stand alone.
pub(super) const EMPTY: &str = "EMPTY";
/// Parameters that only punctuation joins.
pub(super) const JOINED: &str = "JOINED";
/// The end of a content that has too many tokens.
pub(super) const REST: &str = "REST";
/// A number that follows a name, such as the last part of `core.4900`.
pub(super) const NUMBER: &str = "NUM";

/// The longest match counts; among equally long ones, the first. A match begins and ends at the edge of a word. `\w`,
/// which always stands in a class, is a letter, a digit, an underscore or any byte beyond ASCII.
pub(super) const BUILT_IN: [BuiltIn; 20] = [
    mask("URL", r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>\])},;]+"#),
    mask("UUID", r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    mask(
        "DATE",
        r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2},? (?:\d{4} )?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: (?:[A-Z]{3,4} )?\d{4})?",
    ),
    mask(
        "DATE",
        r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?",
    ),
    mask("IP", r"/?\d{1,3}(?:\.\d{1,3}){3}(?::\d+|/\d+)?"),
    mask(
        "IP",
        r"(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?::[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6}(?:/\d+)?",
    ),
    mask("MAC", r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){3,}"),
    mask("HOST", r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+:\d{2,5}"),
    mask("MAIL", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    mask(
        "SIZE",
        r"[-+]?\d+(?:[.,]\d+)* ?(?:[kKMGTP]i?B|[Bb]ytes|B)(?: \([-+]?\d+(?:[.,]\d+)* ?[kKMGTP]i?B\))?",
    ),
    mask(
        "TIME",
        r"[<>~][-+]?\d+(?:[.,]\d+)* ?(?:[num]?s|secs?|seconds?|min|minutes?|hours?|days?)",
    ),
    mask("PATH", r"(?:[A-Za-z]:)?(?:\\\\?[\w.$-]+){2,}"),
    mask("PATH", r"(?:[A-Za-z]:|[.~]{0,2})/[\w.@$+~-]+(?:/[\w.@$+~:%=#-]*)*"),
    mask(
        "PATH",
        r"/(?:[\w.@$+~:%=#-]+/)*[\w.@$+~:%=#-]*\?[\w.@$+~:%=#-]+(?:[&;/,?][\w.@$+~:%=#-]+)*",
    ),
    mask("PATH", r"[\w.@$+~-]+/[\w.@$+~-]+/[\w.@$+~-]*(?:/[\w.@$+~:%=#-]*)*"),
    mask("PATH", r"[\w@$+~-]+/[\w@$+~-]*\.[\w.@$+~:%=#-]*"),
    mask("PATH", r"[\w@$+~-]*\.[\w.@$+~-]*/[\w.@$+~:%=#-]*"),
    mask("HEX", r"0[xX][0-9a-fA-F]+"),
    mask(NUMBER, r"[-+]?\d+(?:[.,:]\d+)*%?"),
    mask("BOOL", r"true|false|True|False|TRUE|FALSE|null|NULL|None|nil"),
];

const fn mask(name: &'static str, regex: &'static str) -> BuiltIn {
    BuiltIn { name, regex }
}

/// The regexes of [`BUILT_IN`] in their order, then that of [`WORD`].
pub(super) fn regexes() -> Vec<String> {
    let regexes = BUILT_IN.iter().map(|mask| mask.regex).chain([WORD]);
    regexes.map(|regex| regex.replace(r"\w", r"\w\x80-\xff")).collect()
}
