//! Cutting a content into words, punctuation and parameters, in one automaton's pass over its bytes.

use memchr::memchr;

use super::masks::{BUILT_IN, EMPTY, IDENTIFIER, JOINED, NUMBER, QUOTED, REST, VALUE};
pub(super) use super::scanner::is_word_byte;
use super::scanner::{SCANNER, Scanner};
use crate::found_by::FoundBy;
use crate::masking::{MaskedText, PLACEHOLDER};
use crate::tokens::{has_digit, is_space};

/// More tokens than this, and the rest of the content is one parameter.
const MOST_TOKENS: usize = 512;
/// How long a quoted value may be.
const LONGEST_QUOTE: usize = 4096;

/// A piece of a content. White space is what stands between tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// Whether it follows the token before it without white space.
    pub(crate) glued: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    /// One byte of punctuation.
    Mark,
    Parameter(FoundBy),
}

impl Kind {
    fn is_parameter(self) -> bool {
        matches!(self, Self::Parameter(_))
    }
}

/// Writes the tokens of a content to `tokens`.
pub(crate) fn cut(masked: &MaskedText, tokens: &mut Vec<Token>) {
    let scanner = &*SCANNER;
    let text = masked.text.as_slice();
    let mut cutter = Cutter { text, tokens };
    cutter.tokens.clear();
    let mut pieces = masked.pieces.iter().peekable();
    let (mut at, mut glued) = (0, false);
    while at < text.len() {
        if is_space(text[at]) {
            at += 1;
            glued = false;
            continue;
        }
        if cutter.tokens.len() >= MOST_TOKENS {
            let end = text
                .iter()
                .rposition(|&byte| !is_space(byte))
                .map_or(text.len(), |last| last + 1);
            cutter.push(at, end, parameter(REST), glued);
            return;
        }
        if let Some(piece) = pieces.next_if(|piece| piece.at == at) {
            let kind = Kind::Parameter(piece.mask.map_or(FoundBy::Position, FoundBy::Mask));
            at += PLACEHOLDER.len();
            cutter.push(at - PLACEHOLDER.len(), at, kind, glued);
        } else {
            // A token ends where the next masked piece begins.
            let seen = &text[..pieces.peek().map_or(text.len(), |piece| piece.at)];
            at = cutter.next(scanner, seen, at, glued);
        }
        glued = true;
    }
}

fn parameter(name: &'static str) -> Kind {
    Kind::Parameter(FoundBy::BuiltIn(name))
}

struct Cutter<'t> {
    text: &'t [u8],
    tokens: &'t mut Vec<Token>,
}

impl Cutter<'_> {
    /// Takes what begins at `at`, in the text as far as it is seen, and says where it ends.
    fn next(&mut self, scanner: &Scanner, seen: &[u8], at: usize, glued: bool) -> usize {
        let byte = seen[at];
        if matches!(byte, b'"' | b'\'') && self.is_quoted_value(glued) {
            let end = closing_quote(&seen[at..]).map(|length| at + length);
            self.push(at, at + 1, Kind::Mark, glued);
            return end.map_or(at + 1, |end| {
                self.push(at + 1, end, parameter(QUOTED), true);
                self.push(end, end + 1, Kind::Mark, true);
                end + 1
            });
        }
        if let Some(length) = scanner.plain_word(&seen[at..]) {
            self.push_plain(at, at + length, glued);
            return at + length;
        }
        // Behind a word nothing but punctuation can come, so that `a/b` stays two words.
        let within_word = glued && at > 0 && is_word_byte(seen[at - 1]);
        let found = if within_word { None } else { scanner.longest(seen, at) };
        match found {
            Some((end, mask)) => {
                match BUILT_IN.get(mask) {
                    Some(mask) => self.push(at, end, parameter(mask.name), glued),
                    None => self.push_word(at, end, glued),
                }
                end
            }
            None => {
                if matches!(byte, b')' | b']' | b'}') {
                    self.fill_empty(at, glued);
                }
                // A NUL byte stands for parameters in keys, so it must be one.
                let kind = if byte == 0 { parameter(EMPTY) } else { Kind::Mark };
                self.push(at, at + 1, kind, glued);
                at + 1
            }
        }
    }

    fn push_word(&mut self, start: usize, end: usize, glued: bool) {
        let word = &self.text[start..end];
        if !has_digit(word) {
            self.push_plain(start, end, glued);
        } else if let Some(name) = numbered_name(word) {
            self.push(start, start + name, Kind::Word, glued);
            self.push(start + name, start + name + 1, Kind::Mark, true);
            self.push(start + name + 1, end, parameter(NUMBER), true);
        } else {
            self.push(start, end, parameter(IDENTIFIER), glued);
        }
    }

    /// A word without digits.
    fn push_plain(&mut self, start: usize, end: usize, glued: bool) {
        let kind = if glued && self.follows_key() {
            parameter(VALUE)
        } else {
            Kind::Word
        };
        self.push(start, end, kind, glued);
    }

    fn push(&mut self, start: usize, end: usize, kind: Kind, glued: bool) {
        self.tokens.push(Token {
            start,
            end,
            kind,
            glued,
        });
        if kind.is_parameter() && glued {
            self.join();
        }
    }

    /// Joins the last parameter to those before it from which only punctuation parts it.
    fn join(&mut self) {
        let text = self.text;
        let joint = |token: &Token| {
            let byte = text[token.start];
            (token.kind == Kind::Mark && token.glued && b":./-|,@#*+~_".contains(&byte)).then_some(byte)
        };
        while let [.., first, mark, _] = self.tokens[..]
            && first.kind.is_parameter()
            && joint(&mark).is_some()
        {
            self.join_last(3);
        }
        // A word within, between the same marks: `0|name|12`.
        if let [.., first, mark, word, second, _] = self.tokens[..]
            && first.kind.is_parameter()
            && word.kind == Kind::Word
            && word.glued
            && joint(&mark).is_some_and(|byte| b"|-/.:".contains(&byte) && joint(&second) == Some(byte))
        {
            self.join_last(5);
        }
    }

    fn join_last(&mut self, count: usize) {
        let first = self.tokens.len() - count;
        self.tokens[first].end = self.tokens[self.tokens.len() - 1].end;
        self.tokens[first].kind = parameter(JOINED);
        self.tokens.truncate(first + 1);
    }

    fn mark(&self, behind: usize) -> Option<(u8, Token)> {
        let token = *self.tokens.get(self.tokens.len().checked_sub(behind)?)?;
        (token.kind == Kind::Mark).then(|| (self.text[token.start], token))
    }

    /// Whether `key=` stands before.
    fn follows_key(&self) -> bool {
        let key = self.tokens.len().checked_sub(2).map(|key| self.tokens[key]);
        matches!(self.mark(1), Some((b'=', mark)) if mark.glued) && key.is_some_and(|key| key.kind == Kind::Word)
    }

    /// Whether `key=` or `"key":` stands before.
    fn is_quoted_value(&self, glued: bool) -> bool {
        let json = || matches!(self.mark(1), Some((b':', _))) && matches!(self.mark(2), Some((b'"', _)));
        (glued && self.follows_key()) || json()
    }

    /// Brackets with nothing in them, where they are no call of a function.
    fn fill_empty(&mut self, at: usize, glued: bool) {
        let opened = self.mark(1).filter(|(_, mark)| glued && !mark.glued);
        if let Some((open, _)) = opened
            && matches!((open, self.text[at]), (b'(', b')') | (b'[', b']') | (b'{', b'}'))
        {
            self.push(at, at, parameter(EMPTY), true);
        }
    }
}

/// The length of the quoted text with its first quote.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr(text[0], &text[at..text.len().min(LONGEST_QUOTE)])?;
        if text[at - 1] != b'\\' || at == 1 {
            return Some(at);
        }
        at += 1;
    }
}

/// The length of the name in a name with a number behind it, such as `core.4900` or `jetty-6.1.26`.
fn numbered_name(word: &[u8]) -> Option<usize> {
    let name = word
        .iter()
        .position(|byte| !byte.is_ascii_alphabetic())
        .filter(|&name| name > 0)?;
    let number = word.get(name + 1..)?;
    let is_number = number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    (matches!(word[name], b'.' | b'-') && is_number && number.first()?.is_ascii_digit()).then_some(name)
}
