//! Masks that a log needs, and no more.

use drain_parser::{Drain, DrainConfig};
use regex::bytes::{NoExpand, Regex};

use super::messages::Messages;

/// Shapes that are parameters in any log.
const SHAPES: [&str; 4] = [
    r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
    r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?",
    r"\b0[xX][0-9a-fA-F]+\b",
    r"\b[0-9a-f]{16,64}\b",
];
const NUMBERS: &str = r"\b\d+\b";
/// Share of messages that must have a shape for it to be masked.
const LEAST: f64 = 0.01;
/// Masking numbers must leave at most this share of the templates to be worth what it hides.
const WORTH: f64 = 0.8;

/// The settings of the parser, with masks for what the messages hold, `identifier` before all.
pub(super) fn settings(messages: &Messages, identifier: Option<&str>) -> DrainConfig {
    let of = |masks: Vec<String>| DrainConfig {
        similarity: 0.5,
        masks,
        ..DrainConfig::default()
    };
    // A pattern with a group is about what stands before the identifier, too.
    let identifier = identifier.filter(|pattern| Regex::new(pattern).is_ok_and(|regex| regex.captures_len() == 1));
    let mut masks: Vec<String> = Vec::new();
    // A mask only counts for what the ones before it have left.
    let mut contents: Vec<Vec<u8>> = messages.contents.clone();
    for mask in identifier.into_iter().chain(SHAPES) {
        let Ok(regex) = Regex::new(mask) else { continue };
        let holding = contents.iter().filter(|content| regex.is_match(content)).count();
        if holding as f64 >= LEAST * messages.len() as f64 && holding > 0 {
            masks.push(mask.to_owned());
            contents
                .iter_mut()
                .for_each(|content| *content = regex.replace_all(content, NoExpand(b"<*>")).into_owned());
        }
    }
    let with_numbers: Vec<String> = masks.iter().cloned().chain([NUMBERS.to_owned()]).collect();
    let (plain, masked) = (
        templates(messages, of(masks.clone())),
        templates(messages, of(with_numbers.clone())),
    );
    of(if (masked as f64) <= WORTH * plain as f64 {
        with_numbers
    } else {
        masks
    })
}

fn templates(messages: &Messages, config: DrainConfig) -> usize {
    let Ok(mut drain) = Drain::new(config) else { return 0 };
    messages.contents.iter().for_each(|content| {
        drain.learn(content);
    });
    drain.freeze().templates().len()
}
