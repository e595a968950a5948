//! Lines in JSON.

use std::borrow::Cow;
use std::fmt;

use memchr::{memchr, memchr_iter, memrchr};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::{BodyError, Decoded, Decoding, check_count, push_lines};

pub(super) fn decode(body: &[u8], how: &Decoding) -> Result<Decoded, BodyError> {
    let out = Decoded {
        block: Vec::with_capacity(body.len() + 1),
        ..Decoded::default()
    };
    let mut walk = Walk {
        body,
        how,
        at: 0,
        line_end: 0,
        in_array: false,
        may_span: true,
        out,
    };
    while walk.step()? {}
    Ok(walk.out)
}

/// A way through the values of a body.
struct Walk<'a> {
    body: &'a [u8],
    how: &'a Decoding,
    at: usize,
    /// End of the line that `at` is in.
    line_end: usize,
    in_array: bool,
    /// Whether a value may go on behind the end of its line. Not any more after one that did and was broken: else each line
    /// of a hostile body could make us read all of it.
    may_span: bool,
    out: Decoded,
}

impl<'a> Walk<'a> {
    /// Takes the next value; `false` at the end.
    fn step(&mut self) -> Result<bool, BodyError> {
        let starts_line = self.skip_space();
        let Some(&first) = self.body.get(self.at) else {
            return match self.in_array {
                true => Err(self.broken("the array has no end")),
                false => Ok(false),
            };
        };
        if self.at >= self.line_end {
            self.line_end = memchr(b'\n', &self.body[self.at..]).map_or(self.body.len(), |end| self.at + end);
        }
        match first {
            b'[' if !self.in_array => {
                (self.in_array, self.at) = (true, self.at + 1);
                return Ok(true);
            }
            b']' if self.in_array => {
                (self.in_array, self.at) = (false, self.at + 1);
                return Ok(true);
            }
            b',' if self.in_array => {
                self.at += 1;
                return Ok(true);
            }
            _ => {}
        }
        // By far the most bodies are one object a line: read once, and its end is known.
        if starts_line && !self.in_array && !self.how.whole_objects {
            let line = &self.body[self.at..self.line_end];
            if let Ok(Some(text)) = message(line, &self.how.message_fields, false) {
                self.at = self.line_end;
                push_lines(&mut self.out, &text, self.how.limits)?;
                return Ok(true);
            }
        }
        self.step_by_value()?;
        Ok(true)
    }

    /// Finds the end of the value first, wherever it is.
    fn step_by_value(&mut self) -> Result<(), BodyError> {
        let spans = self.may_span || self.in_array;
        let rest = &self.body[self.at..if spans { self.body.len() } else { self.line_end }];
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
        match values.next() {
            Some(Ok(_)) => {
                let value = &rest[..values.byte_offset()];
                let begin = self.at;
                self.at += value.len();
                self.take(begin, value)
            }
            Some(Err(error)) if self.in_array => Err(self.broken(&describe(&error))),
            found => {
                self.may_span &= !matches!(&found, Some(Err(error)) if error.line() > 1);
                let why = match &found {
                    Some(Err(error)) => describe(error),
                    _ => "there is no value".to_owned(),
                };
                let begin = self.at;
                self.at = self.line_end;
                self.reject(begin, &why)
            }
        }
    }

    fn take(&mut self, begin: usize, value: &'a [u8]) -> Result<(), BodyError> {
        if self.how.whole_objects {
            return match value.first() {
                Some(b'{') => push_lines(&mut self.out, &on_one_line(value), self.how.limits),
                _ => self.reject(begin, "it is no object"),
            };
        }
        match message(value, &self.how.message_fields, true) {
            Ok(Some(text)) => push_lines(&mut self.out, &text, self.how.limits),
            Ok(None) => {
                let fields = self.how.message_fields.join(", ");
                self.reject(
                    begin,
                    &format!("none of its fields that may hold a message holds text: {fields}"),
                )
            }
            Err(error) => self.reject(begin, &describe(&error)),
        }
    }

    /// Passes over white space; says whether the value behind it is the first of its line.
    fn skip_space(&mut self) -> bool {
        let mut starts_line = self.at == 0;
        while let Some(&byte) = self.body.get(self.at)
            && byte.is_ascii_whitespace()
        {
            starts_line |= byte == b'\n';
            self.at += 1;
        }
        starts_line
    }

    fn reject(&mut self, begin: usize, why: &str) -> Result<(), BodyError> {
        self.out.rejected += 1;
        if self.out.first_problem.is_none() {
            self.out.first_problem = Some(format!("{}: {why}", self.place(begin)));
        }
        check_count(&self.out, self.how.limits)
    }

    /// An array that is none: where its values end cannot be told.
    fn broken(&self, why: &str) -> BodyError {
        let place = self.place(self.at);
        BodyError::Malformed(format!("the body is no array of JSON, {place}: {why}"))
    }

    fn place(&self, at: usize) -> String {
        let before = &self.body[..at];
        let line = memchr_iter(b'\n', before).count() + 1;
        let column = at - memrchr(b'\n', before).map_or(0, |end| end + 1);
        format!("line {line}, byte {}", column + 1)
    }
}

/// What the parser says, without its own count of lines.
fn describe(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(&*said, |(said, _)| said);
    match error.classify() {
        Category::Eof => format!("it is cut short ({said})"),
        _ => said.to_owned(),
    }
}

/// Outside of its strings, where it cannot be, a line feed is space.
fn on_one_line(value: &[u8]) -> Vec<u8> {
    let space = |&byte: &u8| if byte == b'\n' || byte == b'\r' { b' ' } else { byte };
    value.iter().map(space).collect()
}

/// The message that a value is or holds. It is read as bytes, so that half surrogates and bytes that are no UTF-8 do no
/// harm; `patient`, it is looked at for its type first, as fields may hold anything.
fn message<'a>(value: &'a [u8], fields: &[String], patient: bool) -> serde_json::Result<Option<Cow<'a, [u8]>>> {
    let mut parser = serde_json::Deserializer::from_slice(value);
    let found = match value.first() {
        Some(b'{') => parser.deserialize_map(Object { fields, patient })?,
        _ => Text { patient }.deserialize(&mut parser)?,
    };
    parser.end()?;
    Ok(found)
}

/// An object of which only the message is kept.
struct Object<'f> {
    fields: &'f [String],
    patient: bool,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Option<Cow<'de, [u8]>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut found, mut wanted) = (None, self.fields);
        while let Some(rank) = map.next_key_seed(Rank(wanted))? {
            match rank {
                Some(rank) => {
                    if let Some(text) = map.next_value_seed(Text { patient: self.patient })? {
                        (found, wanted) = (Some(text), &wanted[..rank]);
                    }
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// Which of the fields a name is.
struct Rank<'f>(&'f [String]);

impl<'de> DeserializeSeed<'de> for Rank<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Rank<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|field| field.as_bytes() == name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        self.visit_bytes(name.as_bytes())
    }
}

/// A text, or if we are patient, anything.
struct Text {
    patient: bool,
}

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, [u8]>>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        match self.patient {
            true => value.deserialize_any(self),
            false => value.deserialize_bytes(self),
        }
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, [u8]>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_bytes<E>(self, text: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_bytes<E>(self, text: &[u8]) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_vec())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text.as_bytes())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.as_bytes().to_vec())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        if !self.patient {
            return Err(A::Error::custom("an array"));
        }
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        while values.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
