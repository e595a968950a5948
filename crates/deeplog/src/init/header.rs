//! Guessing the header format, column by column, from the lines alone.
//!
//! No rule knows a system. A header reaches to the last column that can hardly be part of a message: a time stamp, a
//! level, a number or a bracketed piece that every line has at the same place, a separator, or a name before a colon.

use std::collections::{BTreeMap, BTreeSet};

use drain_parser::{FormatError, LineFormat, Unescaped};

use super::columns::{Column, columns};
use super::guess::{HeaderGuess, StampGuess};
use super::names::{Names, literal, stamp_fields};
use super::sample::Sample;
use super::stamp::{Stamps, best_format};

/// Share of lines that must agree on a stamp, a level, a bracket or a name.
const MOST: f64 = 0.97;
/// The same for numbers and separators, which messages hold too.
const NEARLY_ALL: f64 = 0.99;
/// Share of lines that must have a name before a colon.
const NAMED: f64 = 0.9;
/// Share of lines that must carry a stamp for it to be theirs; the rest may be stack traces.
const STAMPED: f64 = 0.2;
/// A stamp or level may stand so many columns behind the last one that is certain.
const JUMP: usize = 6;

/// A line, and how much of it is behind.
#[derive(Clone, Copy)]
struct Cursor<'l> {
    line: &'l [u8],
    at: usize,
}

impl<'l> Cursor<'l> {
    fn rest(&self) -> &'l [u8] {
        &self.line[self.at..]
    }

    /// Whether no white space follows.
    fn is_glued(&self) -> bool {
        !self.rest().first().is_some_and(u8::is_ascii_whitespace)
    }
}

/// The format as far as it has been found.
struct Draft<'l> {
    cursors: Vec<Cursor<'l>>,
    text: String,
    names: Names,
    stamps: Vec<StampGuess>,
    after_separator: bool,
}

/// Guesses the header of a log.
pub(super) fn guess(sample: &Sample, stamps: &Stamps) -> Result<HeaderGuess, FormatError> {
    let lines: Vec<&[u8]> = sample.lines.iter().map(|line| line.trim_ascii()).collect();
    let messages = messages(&lines, stamps);
    let cursors: Vec<_> = messages.iter().map(|&line| Cursor { line, at: 0 }).collect();
    let mut draft = Draft {
        cursors,
        text: String::new(),
        names: Names::default(),
        stamps: Vec::new(),
        after_separator: false,
    };
    while !draft.is_cut_off(messages.len())
        && (draft.take_certain(stamps, false) || draft.take_name() || draft.take_certain(stamps, true))
    {}
    draft.finish(&lines, messages.len())
}

/// The lines that carry the commonest stamp at its commonest place; all lines where hardly any has one.
fn messages<'l>(lines: &[&'l [u8]], stamps: &Stamps) -> Vec<&'l [u8]> {
    let mut places: BTreeMap<(usize, String), Vec<&'l [u8]>> = BTreeMap::new();
    for line in lines {
        for (i, column) in columns(line, stamps).iter().enumerate() {
            if let Some(stamp) = &column.stamp {
                places.entry((i, stamp.shape())).or_default().push(line);
            }
        }
    }
    // The first of the most frequent: `max_by_key` would take the last.
    let commonest = places.into_values().rev().max_by_key(Vec::len);
    commonest
        .filter(|found| found.len() as f64 >= STAMPED * lines.len() as f64)
        .unwrap_or_else(|| lines.to_vec())
}

impl<'l> Draft<'l> {
    fn is_cut_off(&self, messages: usize) -> bool {
        self.cursors.is_empty() || (self.cursors.len() as f64) < NAMED * NAMED * messages as f64
    }

    /// Takes the columns up to the last certain one; `false` if there is none. `dotted`: whether a dotted name counts,
    /// which may also be the first of several words before a separator.
    fn take_certain(&mut self, stamps: &Stamps, dotted: bool) -> bool {
        let rows: Vec<_> = self
            .cursors
            .iter()
            .map(|cursor| columns(cursor.rest(), stamps))
            .collect();
        let Some(last) = self.last_certain(&rows, dotted) else {
            return false;
        };
        for i in 0..=last {
            let cells: Vec<&Column<'l>> = rows.iter().filter_map(|row| row.get(i)).collect();
            let glued = cells.iter().filter(|cell| !cell.spaced).count();
            let space = if self.text.is_empty() {
                ""
            } else {
                space(glued, cells.len())
            };
            self.text.push_str(space);
            let parted = rows
                .iter()
                .filter(|row| row.get(i + 1).is_some_and(Column::is_separator))
                .count();
            self.take_column(&cells, parted as f64 >= MOST * rows.len() as f64);
        }
        let ahead = |(cursor, row): (&Cursor<'l>, &Vec<Column<'l>>)| {
            row.get(last).map(|column| Cursor {
                line: cursor.line,
                at: cursor.at + column.end,
            })
        };
        self.cursors = self.cursors.iter().zip(&rows).filter_map(ahead).collect();
        true
    }

    /// `parted`: whether a separator follows.
    fn take_column(&mut self, cells: &[&Column<'l>], parted: bool) {
        let Some(first) = cells.first() else { return };
        // Where a line begins with a dash, or has two in a row, dashes stand for values that are not there.
        let may_separate = !std::mem::replace(&mut self.after_separator, false) && !self.text.is_empty();
        if may_separate && all(cells, NEARLY_ALL, |cell| cell.is_separator() && cell.text == first.text) {
            self.text.push_str(&literal(first.text));
            self.after_separator = true;
            return;
        }
        let brackets = first
            .bracket
            .filter(|_| all(cells, MOST, |cell| cell.bracket == first.bracket));
        let close = brackets.map(|open| match open {
            b'[' => b']',
            b'(' => b')',
            _ => b'>',
        });
        self.text.extend(brackets.map(|open| literal(&[open])));
        if let Some(stamp) = &first.stamp
            && all(cells, MOST, |cell| {
                cell.stamp.as_ref().is_some_and(|other| other.shape() == stamp.shape())
            })
        {
            self.take_stamp(cells, brackets.is_some());
        } else {
            let name = self.names.of_column(cells, parted);
            self.text.push_str(&format!("<{name}>"));
            let behind = first.punctuation();
            if !behind.is_empty() && all(cells, NEARLY_ALL, |cell| cell.punctuation() == behind) {
                self.text.push_str(&literal(behind));
            }
        }
        self.text.extend(close.map(|close| literal(&[close])));
    }

    /// A stamp in brackets is one field; elsewhere each word of it is.
    fn take_stamp(&mut self, cells: &[&Column<'l>], is_one: bool) {
        let found: Vec<_> = cells.iter().filter_map(|cell| cell.stamp.as_ref()).collect();
        let formats = found
            .iter()
            .find(|stamp| stamp.formats[0].contains("%.f"))
            .or(found.first());
        let Some(formats) = formats.map(|stamp| &stamp.formats) else {
            return;
        };
        let texts: Vec<Vec<u8>> = cells.iter().map(|cell| cell.text.to_vec()).collect();
        let (format, reading) = best_format(formats, &texts).unwrap_or_else(|| (formats[0].clone(), 0.0));
        let (fields, pattern) = stamp_fields(&format, is_one, &mut self.names);
        self.text.push_str(&pattern);
        let example = String::from_utf8_lossy(&texts[0]).into_owned();
        self.stamps.push(StampGuess {
            fields,
            format,
            reading,
            example,
        });
    }

    /// Takes the name before the first `: `, ` - ` or bar, if nearly all lines have a short one from a small stock.
    fn take_name(&mut self) -> bool {
        if self.names.has("Component") || self.text.is_empty() {
            return false;
        }
        let separators: [&[u8]; 6] = [b" : ", b": ", b" - ", b" | ", b"|", b"\t"];
        let candidates = separators.iter().filter_map(|separator| self.name_before(separator));
        let Some((_, cursors, prefixes, separator)) = candidates.min_by_key(|(length, ..)| *length) else {
            return false;
        };
        let glued = self.cursors.iter().filter(|cursor| cursor.is_glued()).count();
        self.text.push_str(space(glued, self.cursors.len()));
        // The fewest words, leaving out the odd line: what stands before the last of them are columns of their own.
        let mut words: Vec<usize> = prefixes.iter().map(|prefix| words(prefix).count()).collect();
        words.sort_unstable();
        let fewest = words[words.len() / 20];
        // Between tabs, several words are one column.
        let columns = if separator == b"\t" { 1 } else { fewest };
        for i in 1..columns {
            let values: BTreeSet<_> = prefixes.iter().filter_map(|prefix| words_at(prefix, i - 1)).collect();
            if is_stock(values.len(), prefixes.len()) {
                let name = self.names.unique("Host");
                self.text.push_str(&format!("<{name}> "));
            }
        }
        let name = self.names.unique("Component");
        self.text.push_str(&format!("<{name}>"));
        let numbered = prefixes
            .iter()
            .filter(|prefix| process_number(prefix).is_some())
            .count() as f64;
        let share = numbered / prefixes.len() as f64;
        if share > 1.0 - MOST {
            let name = self.names.unique("Pid");
            // Always optional: what the kernel writes has none, and may well come after the lines looked at.
            self.text.push_str(&format!(r"(\[<{name}>\])?"));
        }
        self.text.push_str(&literal(without_space(separator)));
        self.cursors = cursors;
        true
    }

    /// The names before a separator, and how long they are together; `None` if they look like parts of messages.
    #[expect(clippy::type_complexity, reason = "used once, right above")]
    fn name_before<'s>(&self, separator: &'s [u8]) -> Option<(usize, Vec<Cursor<'l>>, Vec<&'l [u8]>, &'s [u8])> {
        let (mut cursors, mut prefixes, mut stock) = (Vec::new(), Vec::new(), BTreeSet::new());
        for cursor in &self.cursors {
            let rest = cursor.rest();
            let near = &rest[..rest.len().min(120)];
            // A tab may stand in front, too, where a column has ended before it.
            let is_space = |byte: &&u8| separator == b"\t" && byte.is_ascii_whitespace();
            let start = near.iter().take_while(is_space).count();
            let Some(length) = memchr::memmem::find(&near[start..], separator).map(|at| start + at) else {
                continue;
            };
            let prefix = rest[..length].trim_ascii();
            if prefix.is_empty() || words(prefix).count() > 4 || !prefix.iter().any(u8::is_ascii_alphabetic) {
                continue;
            }
            let end = without_space(separator).len();
            cursors.push(Cursor {
                line: cursor.line,
                at: cursor.at + length + end,
            });
            prefixes.push(prefix);
            stock.insert(
                prefix
                    .iter()
                    .filter(|byte| !byte.is_ascii_digit())
                    .copied()
                    .collect::<Vec<u8>>(),
            );
        }
        let enough = cursors.len() as f64 >= NAMED * self.cursors.len() as f64;
        let length = prefixes.iter().map(|prefix| prefix.len()).sum();
        (enough && is_stock(stock.len(), prefixes.len())).then_some((length, cursors, prefixes, separator))
    }

    /// The last column that can hardly be part of a message.
    fn last_certain(&self, rows: &[Vec<Column<'l>>], dotted: bool) -> Option<usize> {
        let mut last: Option<usize> = None;
        let mut has_level = self.names.has("Level");
        let most = rows.iter().map(Vec::len).max().unwrap_or(0);
        for i in 0..most {
            let cells: Vec<_> = rows.iter().filter_map(|row| row.get(i)).collect();
            let share = |least: f64, is: &dyn Fn(&Column<'l>) -> bool| {
                cells.iter().filter(|cell| is(cell)).count() as f64 >= least * rows.len() as f64
            };
            let Some(first) = cells.first() else { break };
            let next = last.map_or(0, |last| last + 1);
            let stamp = |cell: &Column<'_>| cell.stamp.as_ref().map(super::stamp::FoundStamp::shape);
            let is_stamp = first.stamp.is_some() && share(MOST, &|cell| stamp(cell) == stamp(first));
            // A second level is a word of a message that makes up nearly all of the log.
            let is_level = !has_level && share(MOST, &Column::is_level);
            has_level |= is_level;
            let separates =
                i > 0 && i <= next + 1 && share(NEARLY_ALL, &|cell| cell.is_separator() && cell.text == first.text);
            let follows = (last.is_some() || !self.text.is_empty()) && i == next && {
                let stock: BTreeSet<_> = cells.iter().map(|cell| cell.word()).collect();
                let same_end = share(NEARLY_ALL, &|cell| cell.punctuation() == first.punctuation());
                share(NEARLY_ALL, &Column::is_number)
                    || (first.bracket.is_some() && share(MOST, &|cell| cell.bracket == first.bracket))
                    || (dotted && same_end && share(MOST, &Column::is_dotted) && is_stock(stock.len(), cells.len()))
            };
            if ((is_stamp || is_level) && i <= next + JUMP) || separates || follows {
                last = Some(i);
            }
        }
        last
    }

    fn finish(mut self, lines: &[&[u8]], messages: usize) -> Result<HeaderGuess, FormatError> {
        if !self.text.is_empty() {
            let glued = self.cursors.iter().filter(|cursor| cursor.is_glued()).count();
            // White space belongs to the message where only some lines have it.
            self.text
                .push_str(space(glued, self.cursors.len()).trim_end_matches(r"\s*"));
        }
        self.text.push_str("<Content>");
        let format = LineFormat::compile(&self.text)?;
        let mut unescaped = Unescaped::default();
        let fitting = lines
            .iter()
            .filter(|line| format.split(line, &mut unescaped).is_some())
            .count();
        let stamp = self
            .stamps
            .into_iter()
            .filter(|stamp| stamp.reading >= NAMED)
            .min_by_key(|stamp| {
                // The finest one tells most.
                !["%.f", "%3f", "%6f", "%9f"]
                    .iter()
                    .any(|fraction| stamp.format.contains(fraction))
            });
        let certainty = messages as f64 / (messages as f64 + 3.0);
        if format.fields().len() == 1 || (fitting as f64) < NAMED * NAMED * messages as f64 {
            let format = LineFormat::compile("<Content>")?;
            return Ok(HeaderGuess {
                format,
                stamp: None,
                fitting: 1.0,
                confidence: 0.5 * certainty,
            });
        }
        let known = if stamp.is_some() { 1.0 } else { 0.6 };
        let share = (fitting as f64 / messages as f64).min(1.0);
        let fitting = fitting as f64 / lines.len() as f64;
        Ok(HeaderGuess {
            format,
            stamp,
            fitting,
            confidence: share * known * certainty,
        })
    }
}

fn all(cells: &[&Column<'_>], least: f64, is: impl Fn(&Column<'_>) -> bool) -> bool {
    cells.iter().filter(|cell| is(cell)).count() as f64 >= least * cells.len() as f64
}

/// Whether so few values among so many lines come from a stock of names.
fn is_stock(values: usize, lines: usize) -> bool {
    values <= 20.max(lines / 5)
}

/// What stands between two columns, `glued` of which touch in so many lines.
fn space(glued: usize, lines: usize) -> &'static str {
    let share = glued as f64 / lines.max(1) as f64;
    if share <= 1.0 - NEARLY_ALL {
        " "
    } else if share >= NEARLY_ALL {
        ""
    } else {
        r"\s*"
    }
}

/// A separator without the white space behind it, unless it is a tab and nothing else.
fn without_space(separator: &[u8]) -> &[u8] {
    if separator == b"\t" {
        separator
    } else {
        separator.trim_ascii_end()
    }
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

fn words_at(text: &[u8], index: usize) -> Option<&[u8]> {
    words(text).nth(index)
}

/// The number in brackets that a name ends with.
fn process_number(name: &[u8]) -> Option<&[u8]> {
    let open = name.iter().rposition(|&byte| byte == b'[')?;
    let number = name[open + 1..].strip_suffix(b"]")?;
    (!number.is_empty() && number.iter().all(u8::is_ascii_digit)).then_some(number)
}
