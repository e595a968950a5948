//! Small logs, and the templates that they give.

use crate::parser::{Parser, ParserConfig};

fn templates(contents: &[String]) -> Vec<String> {
    let mut parser = Parser::new(ParserConfig::default()).unwrap();
    for content in contents {
        parser.learn(content.as_bytes());
    }
    parser
        .freeze()
        .templates()
        .iter()
        .map(|template| template.text.clone())
        .collect()
}

/// A line for each of the words, in place of `_`.
fn lines(line: &str, words: &[&str]) -> Vec<String> {
    words.iter().map(|word| line.replace('_', word)).collect()
}

/// A line for each pair of words, in place of `_` and `~`.
fn both(line: &str, ones: &[&str], others: &[&str]) -> Vec<String> {
    let lines = lines(line, ones);
    lines
        .iter()
        .flat_map(|line| others.iter().map(|word| line.replace('~', word)))
        .collect()
}

const NAMES: [&str; 7] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];

#[test]
fn small_logs() {
    let table = [
        (
            "many words at one place are values",
            lines("session opened for user _", &NAMES),
            vec!["session opened for user <*>"],
        ),
        (
            "few are events",
            lines("the disk drive _ now", &["stops", "starts"]),
            vec!["the disk drive stops now", "the disk drive starts now"],
        ),
        (
            "states in capitals are events, as many as they are",
            lines(
                "task of the job is _",
                &["NEW", "READY", "RUNNING", "DONE", "FAILED", "KILLED", "LOST"],
            ),
            vec![
                "task of the job is NEW",
                "task of the job is READY",
                "task of the job is RUNNING",
                "task of the job is DONE",
                "task of the job is FAILED",
                "task of the job is KILLED",
                "task of the job is LOST",
            ],
        ),
        (
            "few at the first place tell what happened",
            lines("_ the old door", &["open", "shut", "lock", "paint", "mend"]),
            vec![
                "open the old door",
                "shut the old door",
                "lock the old door",
                "paint the old door",
                "mend the old door",
            ],
        ),
        (
            "parameters in a row, as many as there are",
            lines("sizes of files: _", &["1", "1 2", "1 2 3"]),
            vec!["sizes of files: <*>"],
        ),
        (
            "a word among parameters is a value",
            lines("reply from host _ in time", &["r2", "r3", "none"]),
            vec!["reply from host <*> in time"],
        ),
        (
            "what has always been the same is no parameter",
            (1..7).map(|port| format!("login by port {port} ssh2")).collect(),
            vec!["login by port <*> ssh2"],
        ),
        (
            "unless there are few lines",
            (1..4).map(|port| format!("login by port {port} ssh2")).collect(),
            vec!["login by port <*> <*>"],
        ),
        (
            "or it has more digits than a name",
            (1..7).map(|port| format!("login by port {port} ssh200")).collect(),
            vec!["login by port <*> <*>"],
        ),
        (
            "words that vary independently are values, be they few",
            both(
                "node _ moved from ~ to rack",
                &["east", "west", "north"],
                &["lab", "hall", "attic"],
            ),
            vec!["node <*> moved from <*> to rack"],
        ),
        (
            "but not those that go with others one to one",
            [
                lines("item _ was added to cart", &["tea", "rice", "salt"]),
                lines("item _ was removed from cart", &["tea", "rice", "salt"]),
            ]
            .concat(),
            vec!["item <*> was added to cart", "item <*> was removed from cart"],
        ),
        (
            "words in quotes are values",
            lines("zone \"_\" loaded", &["lan", "wan"]),
            vec!["zone \"<*>\" loaded"],
        ),
        (
            "unless they are states",
            lines("got \"_\" there", &["GET", "POST"]),
            vec!["got \"GET\" there", "got \"POST\" there"],
        ),
        (
            "many words alone in brackets are values, beside few others",
            lines("(_) ran", &NAMES),
            vec!["(<*>) ran"],
        ),
        (
            "a name with a number behind it, and an identifier with several",
            lines("got core._ from ip-10-0-_", &["1", "2"]),
            vec!["got core.<*> from <*>"],
        ),
        (
            "empty brackets",
            lines("args [_] given", &["", "7"]),
            vec!["args [<*>] given"],
        ),
        (
            "punctuation parts events",
            lines("route_ lost", &["", ":", ","]),
            vec!["route lost", "route: lost", "route, lost"],
        ),
    ];
    for (what, contents, expected) in &table {
        assert_eq!(templates(contents), *expected, "{what}");
        // Whatever the order of the lines.
        let (mut reversed, mut expected) = (contents.clone(), expected.clone());
        reversed.reverse();
        let mut found = templates(&reversed);
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{what}");
    }
}
