use super::{assert_split, shown};
use crate::{LineFormat, Unescaped};

#[test]
fn json_lines_come_apart() {
    for (format, line, expected) in [
        (
            "json",
            r#" {"ts" : 1.5, "level":"info","msg":"a  b","n":{"x": [1, "y z"]}} "#,
            &[
                "Time=1.5",
                "Level=info",
                r#"Rest={"n":{"x":[1,"y z"]}}"#,
                "Content=a  b",
            ][..],
        ),
        ("json", r#"{"message":""}"#, &[]),
        ("json", r#"{"message":12}"#, &["Content=12"]),
        ("json", "\u{feff}{\"message\":\"m\"}", &["Content=m"]),
        (
            "json",
            r#"{"log":{"level":"warn"},"message":"m"}"#,
            &["Level=warn", r#"Rest={"log":{"level":"warn"}}"#, "Content=m"],
        ),
        (
            "json",
            r#"{"log.level":"warn","message":"m"}"#,
            &["Level=warn", "Content=m"],
        ),
        // The better name wins, wherever it stands; null is no value.
        (
            "json",
            r#"{"text":"t","message":null,"msg":"m"}"#,
            &[r#"Rest={"text":"t","message":null}"#, "Content=m"],
        ),
        // Of two of one name the first counts, and the other is not lost.
        (
            "json",
            r#"{"msg":"one","msg":"two"}"#,
            &[r#"Rest={"msg":"two"}"#, "Content=one"],
        ),
        (
            "json",
            r#"{"Message":"m","Timestamp":"t","LEVEL":"l"}"#,
            &["Time=t", "Level=l", "Content=m"],
        ),
        (
            "json",
            r#"{"msg":"tab\t\"q\" \\ \/ \u00e9 \ud83d\ude00"}"#,
            &["Content=tab\t\"q\" \\ / é 😀"],
        ),
        // Half a pair, a pair the wrong way round, broken escapes.
        (
            "json",
            r#"{"msg":"a\ud83d b\ude00\ud83d c\u12 d\x"}"#,
            &["Content=a\u{fffd} b\u{fffd}\u{fffd} c\u{fffd}12 d\u{fffd}"],
        ),
        // The first line is the content; the whole stays.
        (
            "json",
            r#"{"msg":"\n boom \n\tat x","a":1}"#,
            &[r#"Rest={"msg":"\n boom \n\tat x","a":1}"#, "Content=boom"],
        ),
        (
            "json message=event.text time=event.at",
            r#"{"event":{"text":"m","at":7},"msg":"no"}"#,
            &[
                "Time=7",
                r#"Rest={"event":{"text":"m","at":7},"msg":"no"}"#,
                "Content=m",
            ],
        ),
        ("json message=a.b", r#"{"a.b":"m"}"#, &["Content=m"]),
        (
            "json message=a fields=trace.id,user",
            r#"{"a":{"k": 1},"trace":{"id":"t1"},"user":"u"}"#,
            &[
                "trace.id=t1",
                "user=u",
                r#"Rest={"trace":{"id":"t1"}}"#,
                r#"Content={"k": 1}"#,
            ],
        ),
        (
            "json",
            r#"{"MESSAGE":[104,105,255],"PRIORITY":"3","__REALTIME_TIMESTAMP":"17","_HOSTNAME":"h","SYSLOG_IDENTIFIER":"su","_PID":"9"}"#,
            &[
                "Time=17",
                "Level=err",
                "Component=su",
                "Host=h",
                "Pid=9",
                "Content=hi\u{fffd}",
            ],
        ),
    ] {
        assert_split(format, line, expected);
    }
}

#[test]
fn what_is_no_json_message_has_no_header() {
    for line in [
        "",
        "{",
        "{}",
        "[]",
        "null",
        "message",
        r#"{"level":"info"}"#,
        r#"{"message":null}"#,
        r#"{"message":"a"#,
        r#"{"message":"a\"#,
        r#"{"message":"a"} x"#,
        r#"{"message":"a",}"#,
        r#"{"message" "a"}"#,
        r#"{"message":}"#,
        r#"{message:"a"}"#,
        r#"{"message":"a","b":[1}}"#,
        r#"{"message":"a","b":[1"#,
        r#"{"message":{"a":1}}"#,
    ] {
        assert_eq!(shown("json", line.as_bytes()), None, "{line}");
    }
}

#[test]
fn hostile_json_is_no_obstacle() {
    let bomb = |depth| {
        format!(
            r#"{{"message":"a","b":{}{}}}"#,
            "[{\"x\":".repeat(depth),
            "1".to_owned() + &"}]".repeat(depth)
        )
    };
    assert!(shown("json", bomb(60).as_bytes()).is_some());
    assert_eq!(shown("json", bomb(61).as_bytes()), None);
    assert_eq!(
        shown(
            "json",
            format!(r#"{{"message":"a","b":{}"#, "[".repeat(10_000_000)).as_bytes()
        ),
        None
    );
    // 10 MB of escapes.
    let long = format!(r#"{{"message":"{}"}}"#, r"\\".repeat(5_000_000));
    assert_eq!(
        shown("json", long.as_bytes()).unwrap()[0].len(),
        "Content=".len() + 5_000_000
    );
    let bytes = b"{\"message\":\"caf\xe9 \x00\",\"\xff\":1}";
    let format = LineFormat::compile("json").unwrap();
    let mut unescaped = Unescaped::default();
    let header = format.split(bytes, &mut unescaped).unwrap();
    assert_eq!(
        (header.content(), header.field(5)),
        (b"caf\xe9 \x00".as_slice(), b"{\"\xff\":1}".as_slice())
    );
}

#[test]
fn logfmt_lines_come_apart() {
    for (line, expected) in [
        (
            r#"time=2024-01-02T03:04:05Z level=info msg="a \"b\"\tc" user=7 flag  x=""#,
            &[
                "Time=2024-01-02T03:04:05Z",
                "Level=info",
                r#"Rest=user=7 flag x=""#,
                "Content=a \"b\"\tc",
            ][..],
        ),
        ("msg=hi", &["Content=hi"]),
        (r#"msg="never closed level=info"#, &["Content=never closed level=info"]),
        ("msg= level=warn", &["Level=warn"]),
        (r#"msg="a=b c" =x =="#, &["Rest==x ==", "Content=a=b c"]),
        (r#"msg=a"b c"d""#, &[r#"Rest=c"d""#, r#"Content=a"b"#]),
    ] {
        assert_split("logfmt", line, expected);
    }
    for line in ["", "no pairs here", "level=info", "message"] {
        assert_eq!(
            shown("logfmt", line.as_bytes()).filter(|fields| !fields.is_empty()),
            None,
            "{line}"
        );
    }
    assert_split(
        "logfmt message=at fields=path",
        "at=info path=/x msg=no",
        &["path=/x", "Rest=msg=no", "Content=info"],
    );
}
