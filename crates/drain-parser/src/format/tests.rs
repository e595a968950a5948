mod join;
mod json;

use proptest::prelude::*;

use super::*;

/// The fields of a record that hold anything, as `name=value`.
fn shown(format: &str, record: &[u8]) -> Option<Vec<String>> {
    let format = LineFormat::compile(format).unwrap();
    let mut unescaped = Unescaped::default();
    let header = format.split(record, &mut unescaped)?;
    assert_eq!(header.iter().len(), format.fields().len());
    let content = format.fields().iter().position(|name| name == "Content").unwrap();
    assert_eq!(header.content(), header.field(content));
    let shown = format
        .fields()
        .iter()
        .zip(header.iter())
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)));
    Some(shown.collect())
}

#[track_caller]
fn assert_split(format: &str, record: &str, expected: &[&str]) {
    assert_eq!(
        shown(format, record.as_bytes()).as_deref(),
        Some(expected.iter().map(|&text| text.to_owned()).collect::<Vec<_>>()).as_deref(),
        "{format}: {record}"
    );
}

#[test]
fn syslog_lines_come_apart() {
    for (line, expected) in [
        // RFC 5424, section 6.5.
        (
            "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed for lonvick on /dev/pts/8",
            &[
                "Priority=34",
                "Level=crit",
                "Time=2003-10-11T22:14:15.003Z",
                "Host=mymachine.example.com",
                "Component=su",
                "MessageId=ID47",
                "Content='su root' failed for lonvick on /dev/pts/8",
            ][..],
        ),
        (
            r#"<165>1 2003-10-11T22:14:15.003Z host evntslog 8 ID47 [x@1 a="1 \] \" 2"][y@1 b="]"] An event"#,
            &[
                "Priority=165",
                "Level=notice",
                "Time=2003-10-11T22:14:15.003Z",
                "Host=host",
                "Component=evntslog",
                "Pid=8",
                "MessageId=ID47",
                r#"StructuredData=[x@1 a="1 \] \" 2"][y@1 b="]"]"#,
                "Content=An event",
            ],
        ),
        (
            "1 2003-10-11T22:14:15Z h app - - [x]",
            &[
                "Time=2003-10-11T22:14:15Z",
                "Host=h",
                "Component=app",
                "StructuredData=[x]",
            ],
        ),
        ("<0>1 - - - - - - m", &["Priority=0", "Level=emerg", "Content=m"]),
        // RFC 3164, section 5.4, and what is seen in the wild.
        (
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
            &[
                "Priority=34",
                "Level=crit",
                "Time=Oct 11 22:14:15",
                "Host=mymachine",
                "Component=su",
                "Content='su root' failed for lonvick on /dev/pts/8",
            ],
        ),
        (
            "Oct  1 22:14:15 web sshd(pam_unix)[19939]: check pass; user: x",
            &[
                "Time=Oct  1 22:14:15",
                "Host=web",
                "Component=sshd(pam_unix)",
                "Pid=19939",
                "Content=check pass; user: x",
            ],
        ),
        (
            "<13>Oct 11 22:14:15 su: no host",
            &[
                "Priority=13",
                "Level=notice",
                "Time=Oct 11 22:14:15",
                "Component=su",
                "Content=no host",
            ],
        ),
        (
            "Oct 11 22:14:15 web syslogd 1.4.1: restart.",
            &[
                "Time=Oct 11 22:14:15",
                "Host=web",
                "Component=syslogd 1.4.1",
                "Content=restart.",
            ],
        ),
        (
            "Oct 11 22:14:15 web last message repeated 2 times: so",
            &[
                "Time=Oct 11 22:14:15",
                "Host=web",
                "Content=last message repeated 2 times: so",
            ],
        ),
        ("Oct 11 22:14:15 web", &["Time=Oct 11 22:14:15", "Host=web"]),
        (
            "2024-01-02T03:04:05.123456+01:00 web kernel: [ 1.0] usb 1: x",
            &[
                "Time=2024-01-02T03:04:05.123456+01:00",
                "Host=web",
                "Component=kernel",
                "Content=[ 1.0] usb 1: x",
            ],
        ),
    ] {
        assert_split("syslog", line, expected);
    }
    for line in [
        "",
        "<34>",
        "<192>Oct 11 22:14:15 h a: b",
        "<x>1 - - - - - - m",
        "1 - - - - - [open m",
        "Okt 11 22:14:15 h a: b",
        "Oct 11 25-14:15 h a: b",
        "java.lang.Exception: x",
        "1 2 3 4 5 6 7",
    ] {
        assert_eq!(shown("syslog", line.as_bytes()), None, "{line}");
    }
}

#[test]
fn containers_come_apart_and_what_is_in_them_too() {
    let docker =
        r#"{"log":"INFO web: said \"hi\"\n","stream":"stdout","attrs":{"a": 1},"time":"2024-01-02T03:04:05Z"}"#;
    assert_split(
        "docker",
        docker,
        &[
            "Time=2024-01-02T03:04:05Z",
            "Stream=stdout",
            r#"Attributes={"attrs":{"a":1}}"#,
            "Content=INFO web: said \"hi\"",
        ],
    );
    assert_split(
        "docker inner='<Level> <Component>: <Content>'",
        docker,
        &[
            "Time=2024-01-02T03:04:05Z",
            "Stream=stdout",
            r#"Attributes={"attrs":{"a":1}}"#,
            "Level=INFO",
            "Component=web",
            "Content=said \"hi\"",
        ],
    );
    // What does not fit the inner format has no header; what both name is the inner one's, unless it says nothing.
    assert_eq!(
        shown(
            "docker inner='<Level> <Component>: <Content>'",
            br#"{"log":"\tat x\n","stream":"stdout","time":"t"}"#
        ),
        None
    );
    assert_split(
        "docker inner=json",
        r#"{"log":"{\"msg\":\"a\\nb\",\"time\":7}\n","stream":"stderr","time":"t"}"#,
        &["Stream=stderr", "Time=7", r#"Rest={"msg":"a\nb"}"#, "Content=a"],
    );
    let cri = "2016-10-06T00:17:09.669794202Z stdout F  the  message ";
    assert_split(
        "cri",
        cri,
        &[
            "Time=2016-10-06T00:17:09.669794202Z",
            "Stream=stdout",
            "Content=the  message",
        ],
    );
    assert_split(
        "cri inner=logfmt",
        "2016-10-06T00:17:09Z stderr F:x msg=hi",
        &["Stream=stderr", "Time=2016-10-06T00:17:09Z", "Content=hi"],
    );
    assert_split(
        "cri",
        "2016-10-06T00:17:09Z stderr F",
        &["Time=2016-10-06T00:17:09Z", "Stream=stderr"],
    );
    for line in [
        "",
        "2016-10-06T00:17:09Z stdin F x",
        "2016-10-06T00:17:09Z stdout X x",
        "yesterday stdout F x",
    ] {
        assert_eq!(shown("cri", line.as_bytes()), None, "{line}");
    }
}

#[test]
fn journal_entries_come_apart() {
    let entry = b"__REALTIME_TIMESTAMP=17\n_HOSTNAME=h\nPRIORITY=4\nMESSAGE\n\x08\0\0\0\0\0\0\0a\nb=c\xff\r\n\nSYSLOG_IDENTIFIER=su\nX=\"1\"\n";
    let shown_fields = shown("journald fields=X", entry).unwrap();
    assert_eq!(
        shown_fields,
        [
            "Time=17",
            "Level=warning",
            "Component=su",
            "Host=h",
            "X=\"1\"",
            "Rest={\"MESSAGE\":\"a\\nb=c\u{fffd}\\r\\n\"}",
            "Content=a"
        ]
    );
    // A length beyond the end, no length at all, no message.
    assert_eq!(
        shown("journald", b"MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xffab").unwrap(),
        ["Content=ab"]
    );
    for entry in [&b""[..], b"MESSAGE\n\x01\0", b"X=1\n", b"message=m\n", b"no field\n"] {
        assert_eq!(shown("journald", entry), None, "{entry:?}");
    }
}

#[test]
fn rows_of_tables_come_apart() {
    for (record, expected) in [
        (
            "Level,Date and Time,Source\nInfo,1/2/2024,app,\"Says \"\"hi\"\".\r\n\r\nMore: x\"",
            &[
                "Time=1/2/2024",
                "Level=Info",
                "Component=app",
                r#"Rest={"Message":"Says \"hi\".\r\n\r\nMore: x"}"#,
                r#"Content=Says "hi"."#,
            ][..],
        ),
        (
            "\u{feff}time;message;n\n1;a,b;2",
            &["Time=1", r#"Rest={"n":"2"}"#, "Content=a,b"],
        ),
        ("time\tmessage\n1\tx y", &["Time=1", "Content=x y"]),
        (
            "\"a,b\",\"message\"\n\"1,2\",\"m\"",
            &[r#"Rest={"a,b":"1,2"}"#, "Content=m"],
        ),
        ("message,x\nonly", &["Content=only"]),
        ("message,x\n\"open,1", &["Content=open,1"]),
    ] {
        assert_split("csv", record, expected);
    }
    assert_split(
        "csv message='Event text' fields=n",
        "n,Event text,message\n1,a,b",
        &["n=1", r#"Rest={"message":"b"}"#, "Content=a"],
    );
    for record in ["", "message", "time,n\n1,2"] {
        assert_eq!(shown("csv", record.as_bytes()), None, "{record}");
    }
}

#[test]
fn keywords_and_options_are_told_from_header_formats() {
    for source in [
        "json",
        " json ",
        "logfmt message=m level='a b'",
        "docker inner='<Level> <Content>'",
        "cri inner=\"json message=x\"",
    ] {
        assert!(LineFormat::compile(source).unwrap().as_header().is_none(), "{source}");
    }
    for source in [
        "json <Content>",
        "syslog=<Content>",
        "docker inner=<Content>",
        "<Date> json <Content>",
    ] {
        let format = LineFormat::compile(source).unwrap();
        assert_eq!(
            format.as_header(),
            Some(&HeaderFormat::compile(source).unwrap()),
            "{source}"
        );
    }
    for (source, fact) in [
        ("jsonl", "one of json, logfmt, syslog, docker, cri, journald, csv"),
        (
            "json key=x",
            "cannot take `key`: its options are message, time, level, component, host, pid, fields",
        ),
        ("json message=", "name a key"),
        ("json time=a time=b", "once"),
        ("json fields=a,,b", "name a key"),
        ("json fields=Content", "field `<Content>` twice"),
        ("syslog host=x", "takes no options"),
        ("docker message=x", "its one option is inner"),
        ("docker inner=json x=1", "cannot take `x`"),
        ("cri inner=csv", "single lines"),
        ("cri inner=docker", "single lines"),
        ("docker inner='<Date>'", "no `<Content>` field"),
    ] {
        let error = LineFormat::compile(source).unwrap_err().to_string();
        assert!(error.contains(fact), "{source}: {error}");
    }
}

#[test]
fn a_line_format_is_stored_as_its_text() {
    let format = LineFormat::compile("docker inner='<Level> <Content>'").unwrap();
    let json = serde_json::to_string(&format).unwrap();
    assert_eq!(json, "\"docker inner='<Level> <Content>'\"");
    assert_eq!(serde_json::from_str::<LineFormat>(&json).unwrap(), format);
    assert!(serde_json::from_str::<LineFormat>("\"json x=1\"").is_err());
}

const FORMATS: [&str; 11] = [
    "json",
    "json message=a.b fields=c.d,e",
    "logfmt",
    "syslog",
    "docker",
    "docker inner=json",
    "cri",
    "cri inner='<A>: <Content>'",
    "journald",
    "csv",
    "<Content>",
];

proptest! {
    #[test]
    fn no_record_panics(
        format in prop::sample::select(&FORMATS[..]),
        prefix in prop::sample::select(vec!["", "{\"log\":\"", "MESSAGE\n", "message,b\n", "<1>1 - ", "2016-10-06T00:17:09Z stdout "]),
        record in prop::collection::vec(prop::sample::select(b"{}[]\":,\\u0dmsg=a1 \n\r\t\0\xff<>".to_vec()), 0..60),
    ) {
        let _ = shown(format, &[prefix.as_bytes(), &record].concat());
    }

    /// What serde_json writes is read back: the message to the byte, and the rest as a value.
    #[test]
    fn json_agrees_with_another_reader(message in any::<String>(), key in "[a-z]{1,3}", value in any::<Vec<String>>()) {
        let line = serde_json::json!({ "message": message, (format!("k_{key}")): value });
        let line = line.to_string();
        let format = LineFormat::compile("json").unwrap();
        let mut unescaped = Unescaped::default();
        let header = format.split(line.as_bytes(), &mut unescaped).unwrap();
        let rest: serde_json::Value = serde_json::from_slice(header.field(5)).unwrap();
        prop_assert_eq!(&rest[format!("k_{key}")], &serde_json::json!(value));
        let text = message.trim_matches(|c: char| c.is_ascii() && crate::tokens::is_space(c as u8));
        let head = text.lines().next().unwrap_or_default();
        let head = head.split('\r').next().unwrap_or_default();
        let head = head.trim_end_matches(|c: char| c.is_ascii() && crate::tokens::is_space(c as u8));
        prop_assert_eq!(String::from_utf8_lossy(header.content()), head);
    }
}
