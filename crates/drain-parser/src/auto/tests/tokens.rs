//! How contents are cut.

use crate::auto::scan::{Kind, cut};
use crate::config::AutoConfig;
use crate::masking::{MaskedText, Masks};

/// The tokens of a content: parameters as `<NAME value>`, words and punctuation as they stand, and a space where there is
/// white space.
fn shown_with(masks: &[&str], content: &[u8]) -> String {
    let config = AutoConfig {
        masks: masks.iter().map(ToString::to_string).collect(),
        ..AutoConfig::default()
    };
    let (mut masked, mut tokens) = (MaskedText::default(), Vec::new());
    Masks::new(config.compile_masks().unwrap()).apply(content, &mut masked);
    cut(&masked, &mut tokens);
    let mut shown = String::new();
    let mut end = 0;
    for token in &tokens {
        assert!(end <= token.start && token.start <= token.end, "{tokens:?}");
        assert_eq!(token.glued, end == token.start && token.start > 0, "{tokens:?}");
        end = token.end;
        if !token.glued && !shown.is_empty() {
            shown.push(' ');
        }
        let text = masked.text[token.start..token.end].escape_ascii().to_string();
        match token.kind {
            Kind::Word | Kind::Mark => shown.push_str(&text),
            Kind::Parameter(found_by) => {
                let name = found_by.to_string();
                shown.push_str(&format!("<{} {text}>", &name[1..name.len() - 1]));
            }
        }
    }
    shown
}

fn shown(content: &[u8]) -> String {
    shown_with(&[], content)
}

#[test]
fn masks_and_what_comes_near_them() {
    let table = [
        ("see http://a.b/c?d=1, now", "see <URL http://a.b/c?d=1>, now"),
        ("see http:x", "see http:x"),
        (
            "550e8400-e29b-41d4-a716-446655440000",
            "<UUID 550e8400-e29b-41d4-a716-446655440000>",
        ),
        (
            "550e8400-e29b-41d4-a716-44665544000",
            "<ID 550e8400-e29b-41d4-a716-44665544000>",
        ),
        (
            "on Tue Jan  2 2017 03:04:05 it",
            "on <DATE Tue Jan  2 2017 03:04:05> it",
        ),
        ("Jan it", "Jan it"),
        ("at 2017-01-02T03:04:05.67Z it", "at <DATE 2017-01-02T03:04:05.67Z> it"),
        (
            "from /10.0.0.1:50010 to 1.2.3",
            "from <IP /10.0.0.1:50010> to <NUM 1.2.3>",
        ),
        ("MAC 12:34:56:ab:cd:ef", "MAC <MAC 12:34:56:ab:cd:ef>"),
        ("on a-b.c.d:80 up", "on <HOST a-b.c.d:80> up"),
        ("a.b:x", "a.b:x"),
        ("to a.b@c-d.org now", "to <MAIL a.b@c-d.org> now"),
        ("to a@b now", "to a@b now"),
        ("took 5 kB (2 MB) of 1.5GB", "took <SIZE 5 kB (2 MB)> of <SIZE 1.5GB>"),
        ("took 5 kBs", "took <NUM 5> kBs"),
        ("in <1 ms", "in <TIME <1 ms>"),
        (r"of C:\a\b and \a", r"of <PATH C:\\a\\b> and \\a"),
        (
            "of /a and ../b/c and d/e.f and d/e",
            "of <PATH /a> and <PATH ../b/c> and <PATH d/e.f> and d/e",
        ),
        ("a/b/c", "<PATH a/b/c>"),
        ("0x1F 0xg", "<HEX 0x1F> <ID 0xg>"),
        ("-5 +1.5 7% 1,000,", "<NUM -5> <NUM +1.5> <NUM 7%> <NUM 1,000>,"),
        (
            "true truely None nil untrue",
            "<BOOL true> truely <BOOL None> <BOOL nil> untrue",
        ),
        ("blk_-16 don't a.b$c r2", "<ID blk_-16> don\\'t a.b$c <ID r2>"),
    ];
    for (content, expected) in table {
        assert_eq!(shown(content.as_bytes()), expected);
    }
}

#[test]
fn what_stands_around_a_parameter() {
    let table: [(&[u8], &str); 18] = [
        (b"call f() of [] and { } (x)", "call f() of [<EMPTY >] and { } (x)"),
        (b"user=alice n=5 x= y", "user=<VALUE alice> n=<NUM 5> x= y"),
        (b"a.b=c d==e", "a.b=<VALUE c> d==e"),
        (
            br#"msg="a b" it's "c d""#,
            "msg=\\\"<QUOTED a b>\\\" it\\'s \\\"c d\\\"",
        ),
        (br#"msg="a \" b" c"#, "msg=\\\"<QUOTED a \\\\\\\" b>\\\" c"),
        (br#"msg="" c"#, "msg=\\\"<QUOTED >\\\" c"),
        (br#"msg="open"#, "msg=\\\"open"),
        (
            br#"{"k": "v w", "n": 1}"#,
            "{\\\"k\\\": \\\"<QUOTED v w>\\\", \\\"n\\\": <NUM 1>}",
        ),
        (b"1-2 3|4 5, 6", "<ID 1-2> <JOINED 3|4> <NUM 5>, <NUM 6>"),
        (b"0|name|12 0|name-12", "<JOINED 0|name|12> <NUM 0>|name-<NUM 12>"),
        (b"1:name|2", "<NUM 1>:name|<NUM 2>"),
        (
            b"core.4900 jetty-6.1.26 a.b2",
            "core.<NUM 4900> jetty-<NUM 6.1.26> <ID a.b2>",
        ),
        (b"a\0b", "a<EMPTY \\x00>b"),
        (b"<*> a<*>b", "<<*> <*>> a<<*> <*>>b"),
        (b" \t a \x1c b \n", "a b"),
        (b"", ""),
        (b"\xff\xfe9 \xc3\xa9t", "<ID \\xff\\xfe9> \\xc3\\xa9t"),
        (b"a=<*>,b", "a=<<*> <*>>,b"),
    ];
    for (content, expected) in table {
        assert_eq!(
            shown(content),
            expected.replace("<<*> <*>>", "<* <*>>"),
            "{}",
            content.escape_ascii()
        );
    }
    assert_eq!(
        shown_with(&["b+"], b"abbc=d bb|1"),
        "a<MASK1 <*>>c=<VALUE d> <JOINED <*>|1>"
    );
}

#[test]
fn the_end_of_a_long_content_is_one_parameter() {
    for (words, rest) in [(511, 0), (512, 0), (513, 1), (2000, 1)] {
        let content = "word ".repeat(words);
        let expected = "word ".repeat(words.min(512));
        let shown = shown(content.as_bytes());
        let rest = if rest == 0 {
            String::new()
        } else {
            format!(" <REST {}>", "word ".repeat(words - 512).trim_end())
        };
        assert_eq!(shown, format!("{}{rest}", expected.trim_end()), "{words}");
    }
    // Joined ones count as one.
    assert!(!shown("1,".repeat(5000).as_bytes()).contains("REST"));
}
