use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

const JSON: Option<&str> = Some("application/json");

fn decode_as(content_type: Option<&str>, body: &[u8]) -> Decoded {
    decode(content_type, None, body, &Decoding::default()).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Bodies as they are sent, and the lines in them.
#[test]
fn what_shippers_send_becomes_lines() {
    let two = "GET / 200\nGET /x 404\n";
    let cases: [(&str, Option<&str>, &str, &str); 19] = [
        (
            "Vector, codec json, framing by default an array",
            JSON,
            r#"[{"host":"web-1","message":"GET / 200","source_type":"file","timestamp":"2024-05-01T10:00:00.123Z"},{"host":"web-1","message":"GET /x 404","source_type":"file","timestamp":"2024-05-01T10:00:00.124Z"}]"#,
            two,
        ),
        (
            "Vector, codec json, framing newline_delimited",
            Some("application/x-ndjson"),
            "{\"file\":\"/var/log/a\",\"message\":\"GET / 200\",\"offset\":7}\n{\"message\":\"GET /x 404\"}\n",
            two,
        ),
        ("Vector, codec text", Some("text/plain"), "GET / 200\nGET /x 404", two),
        (
            "Fluent Bit, format json",
            JSON,
            r#"[{"date":1714557600.123456,"log":"GET / 200"},{"date":1714557600.2,"log":"GET /x 404"}]"#,
            two,
        ),
        (
            "Fluent Bit, format json_stream",
            JSON,
            r#"{"date":1714557600.123456,"log":"GET / 200"}{"date":1714557600.2,"log":"GET /x 404"}"#,
            two,
        ),
        (
            "Fluent Bit, format json_lines, a container's lines with their line feeds",
            Some("application/x-ndjson"),
            "{\"date\":\"2024-05-01T10:00:00.1Z\",\"log\":\"GET / 200\\n\",\"stream\":\"stdout\"}\n{\"kubernetes\":{\"pod_name\":\"a\",\"labels\":{\"log\":\"x\"}},\"log\":\"GET /x 404\\n\"}\n",
            two,
        ),
        (
            "curl --data-binary",
            Some("application/x-www-form-urlencoded"),
            two,
            two,
        ),
        (
            "journalctl -o json",
            None,
            r#"{"PRIORITY":"6","MESSAGE":"GET / 200","_PID":"1"}"#,
            "GET / 200\n",
        ),
        (
            "strings one a line",
            Some("application/jsonl; charset=utf-8"),
            "\"GET / 200\"\n\"GET /x 404\"\n",
            two,
        ),
        ("strings in an array", JSON, "[\"GET / 200\",\n \"GET /x 404\"]\n", two),
        ("arrays one a line", JSON, "[\"GET / 200\"]\n[\"GET /x 404\"]\n", two),
        (
            "printed to be read",
            JSON,
            "[\n  {\n    \"message\": \"GET / 200\"\n  },\n  {\n    \"message\": \"GET /x 404\"\n  }\n]\n",
            two,
        ),
        (
            "objects over lines",
            JSON,
            "{\n \"msg\": \"GET / 200\"\n}\n{\n \"msg\": \"GET /x 404\"\n}",
            two,
        ),
        (
            "the most wanted field",
            JSON,
            r#"{"msg":"m","message":"first","log":"l"}"#,
            "first\n",
        ),
        (
            "fields that hold no text",
            JSON,
            r#"{"message":null,"log":{"a":["b"]},"msg":7,"line":"text"}"#,
            "text\n",
        ),
        (
            "escapes",
            JSON,
            r#"{"m\u0065ssage":"tab\t \u00fc \ud83d\ude00 \u0000 nul"}"#,
            "tab\t ü 😀 \0 nul\n",
        ),
        (
            "lines in a message, carriage returns",
            JSON,
            r#"{"message":"one\r\ntwo\n\nfour"}"#,
            "one\r\ntwo\n\nfour\n",
        ),
        ("nothing", JSON, " \n\n", ""),
        (
            "sniffed",
            Some("application/octet-stream"),
            "\n {\"message\":\"a\"}\r\n\r\n{\"message\":\"\"}\r\n",
            "a\n\n",
        ),
    ];
    for (name, content_type, body, lines) in cases {
        let decoded = decode_as(content_type, body.as_bytes());
        assert_eq!(String::from_utf8_lossy(&decoded.block), lines, "{name}");
        assert_eq!((decoded.rejected, decoded.first_problem), (0, None), "{name}");
        assert_eq!(decoded.lines, lines.matches('\n').count() as u64, "{name}");
        let packed = decode(
            content_type,
            Some(" GZIP "),
            &gzip(body.as_bytes()),
            &Decoding::default(),
        )
        .unwrap();
        assert_eq!(packed.block, lines.as_bytes(), "{name}");
    }
}

#[test]
fn plain_lines_stay_as_they_are() {
    for text in [
        &b"a\r\n\n\0\xff{\n"[..],
        b"\n",
        b"x\n\xef\xbb\xbfy\n",
        b"{\"message\":\"a\"}\n",
    ] {
        assert_eq!(decode_as(Some("text/plain"), text).block, text);
    }
    assert_eq!(decode_as(Some("text/plain"), b"").lines, 0);
    assert_eq!(decode_as(None, b"\xef\xbb\xbfa").block, b"a\n");
}

#[test]
fn bad_values_are_counted_and_the_others_go_on() {
    let nested = format!("{{\"message\":{}1{}}}", "[".repeat(9_000), "]".repeat(9_000));
    let cases: [(&[u8], u64, &str); 10] = [
        (b"{\"message\":\"cut", 1, "line 2, byte 1: control character"),
        (b"{\"message\":\"a\"}}", 1, "line 2, byte 16: "),
        (b"{\"other\":\"a\"}", 1, "line 2, byte 1: none of its fields"),
        (b"7", 1, "line 2, byte 1: none of its fields"),
        (b"{\"message\" \"a\"}", 1, "line 2, byte 1: expected `:`"),
        (b"]", 1, "line 2, byte 1: "),
        (b"nonsense", 1, "line 2, byte 1: "),
        (b"{\"a\":", 1, "line 2, byte 1: "),
        (b"{}\n{}\n[[]]", 3, "line 2, byte 1: none of its fields"),
        (nested.as_bytes(), 1, "line 2, byte 1: none of its fields"),
    ];
    for (bad, rejected, problem) in cases {
        let body = [b"{\"message\":\"one\"}\n", bad, b"\n{\"message\":\"two\"}\n"].concat();
        let decoded = decode_as(JSON, &body);
        let shown = String::from_utf8_lossy(bad);
        let lines = String::from_utf8_lossy(&decoded.block).into_owned();
        assert!(
            lines.starts_with("one\n") && lines.ends_with("two\n"),
            "{shown}: {lines}"
        );
        assert_eq!(decoded.rejected, rejected, "{shown}");
        let said = decoded.first_problem.unwrap();
        assert!(said.starts_with(problem), "{shown}: {said}");
    }
}

#[test]
fn half_surrogates_and_bytes_that_are_no_utf8_do_no_harm() {
    let decoded = decode_as(
        JSON,
        b"{\"message\":\"a\\ud800b\"}\n{\"\xff\":\"\xfe\",\"message\":\"c\xffd\"}\n",
    );
    assert_eq!((decoded.lines, decoded.rejected), (2, 0));
    assert!(decoded.block.ends_with(b"c\xffd\n"));
}

#[test]
fn an_array_that_is_none_is_refused_as_a_whole() {
    for body in [
        &br#"[{"message":"a"},{"message":"b"#[..],
        br#"[{"message":"a"}"#,
        br#"["a", x, "b"]"#,
        b"[",
    ] {
        let refused = decode(JSON, None, body, &Decoding::default());
        assert!(matches!(refused, Err(BodyError::Malformed(_))), "{refused:?}");
    }
}

#[test]
fn whole_objects_are_lines_themselves() {
    let how = Decoding {
        whole_objects: true,
        ..Decoding::default()
    };
    let bodies = [
        "{\"a\":1}\n{ \"b\" : \"x\\ny\" }\n",
        "[{\"a\":1},{ \"b\" : \"x\\ny\" }]",
        "{\"a\":1}{ \"b\" : \"x\\ny\" }",
    ];
    for body in bodies {
        let decoded = decode(JSON, None, body.as_bytes(), &how).unwrap();
        assert_eq!(decoded.block, b"{\"a\":1}\n{ \"b\" : \"x\\ny\" }\n", "{body}");
        assert_eq!(decoded.lines, 2);
    }
    let spread = decode(JSON, None, b"{\n\"a\":\r\n 1}\n\"text\"\n{\"b\n", &how).unwrap();
    assert_eq!(
        (&*spread.block, spread.lines, spread.rejected),
        (&b"{ \"a\":   1}\n"[..], 1, 2)
    );
}

#[test]
fn limits_hold_for_the_body_its_lines_and_their_bytes() {
    let how = Decoding {
        limits: BodyLimits {
            unpacked: 100,
            line: 10,
            lines: 3,
        },
        ..Decoding::default()
    };
    let text = Some("text/plain");
    let good: [(Option<&str>, &[u8]); 3] = [
        (text, b"0123456789\n0123456789\n0123456789\n"),
        (JSON, b"[\"0123456789\\n0123456789\",\"\"]"),
        (JSON, b"{\"message\":\"0123456789\"}\n{}\n{}\n"),
    ];
    for (content_type, body) in good {
        decode(content_type, None, body, &how).unwrap();
    }
    let too_long = [
        (text, "0\n0123456789x\n1\n", "0\n1\n", 2),
        (JSON, "{\"message\":\"0123456789x\"}\n{\"message\":\"0\"}", "0\n", 1),
        (JSON, "[\"0123456789x\\n1\"]", "1\n", 1),
    ];
    for (content_type, body, block, at) in too_long {
        let decoded = decode(content_type, None, body.as_bytes(), &how).unwrap();
        assert_eq!((&*decoded.block, decoded.rejected), (block.as_bytes(), 1));
        let problem = decoded.first_problem.unwrap();
        assert!(problem.contains(&format!("line {at} has 11 bytes")), "{problem}");
    }
    let bad: [(Option<&str>, &[u8]); 4] = [
        (text, &[b'\n'; 101]),
        (text, b"0\n1\n2\n3\n"),
        (JSON, b"[\"0\\n1\\n2\\n3\"]"),
        (JSON, b"{}\n{}\n{}\n{}\n"),
    ];
    for (content_type, body) in bad {
        let refused = decode(content_type, None, body, &how);
        assert!(matches!(refused, Err(BodyError::TooLarge(_))), "{refused:?}");
    }
}

#[test]
fn a_bomb_is_unpacked_only_up_to_the_limit() {
    let bomb = gzip(&vec![b'\n'; 300 << 20]);
    assert!(bomb.len() < 4 << 20);
    let refused = decode(None, Some("gzip"), &bomb, &Decoding::default());
    assert!(matches!(refused, Err(BodyError::TooLarge(_))));
    let damaged = decode(None, Some("gzip"), &gzip(b"a\n")[..9], &Decoding::default());
    assert!(matches!(damaged, Err(BodyError::Malformed(_))));
    let two = [gzip(b"a\n"), gzip(b"b\n")].concat();
    assert_eq!(
        decode(None, Some("x-gzip"), &two, &Decoding::default()).unwrap().block,
        b"a\nb\n"
    );
}

#[test]
fn other_types_and_encodings_are_refused_by_name() {
    let refused = decode(Some("Image/PNG"), None, b"x", &Decoding::default());
    assert_eq!(refused, Err(BodyError::UnknownType("image/png".to_owned())));
    let refused = decode(None, Some("br"), b"x", &Decoding::default());
    assert_eq!(refused, Err(BodyError::UnknownEncoding("br".to_owned())));
    decode(Some("application/json"), Some(""), b"", &Decoding::default()).unwrap();
}

/// Lines that begin values which never end: each would be read to the body's end if we let it.
#[test]
fn broken_values_do_not_make_reading_quadratic() {
    let unit = "{\"a\":[1,\n";
    let decoded = decode(JSON, None, unit.repeat(190_000).as_bytes(), &Decoding::default());
    assert_eq!(decoded.unwrap().rejected, 190_000);
}

proptest! {
    #[test]
    fn any_lines_come_back_from_every_shape_of_json(lines in prop::collection::vec(".*", 0..8), shape in 0..4) {
        let objects: Vec<String> =
            lines.iter().map(|line| serde_json::json!({"date": 1.5, "log": line}).to_string()).collect();
        let body = match shape {
            0 => objects.join("\n"),
            1 => objects.concat(),
            2 => format!("[{}]", objects.join(",")),
            _ => objects.iter().map(|object| object.replace(":", ":\n") + "\r\n").collect(),
        };
        // Line feeds are put between, not into, the texts.
        prop_assume!(shape != 3 || lines.iter().all(|line| !line.contains(':')));
        let decoded = decode_as(JSON, body.as_bytes());
        let expected: String = lines.iter().map(|line| line.clone() + "\n").collect();
        prop_assert_eq!(String::from_utf8_lossy(&decoded.block), expected);
        prop_assert_eq!(decoded.rejected, 0);
    }
}
