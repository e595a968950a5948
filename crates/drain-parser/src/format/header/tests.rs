use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;

const FORMATS: [&str; 8] = [
    "<Date> <Time> <Pid> <Level> <Component>: <Content>",
    r"<Date> <Time> <Level> \[<Process>\] <Component>: <Content>",
    "<Date> <Time>  <Pid>  <Tid> <Level> <Component>: <Content>",
    r"<Time>\|<Component>\|<Pid>\|<Content>",
    r"\[<Time>\] <Program> - <Content>",
    r"<Date> sshd\[<Pid>\]: <Content>",
    "<Content>",
    "<A>:  :<B> <Content>",
];

fn fields<'l>(format: &HeaderFormat, line: &'l [u8]) -> Option<Vec<&'l [u8]>> {
    Some(format.split(line)?.iter().collect())
}

fn assert_scan_agrees(format: &HeaderFormat, line: &[u8]) {
    let by_regex = format.split_by_regex(trim(line));
    assert_eq!(
        format.split(line),
        by_regex,
        "{} on {:?}",
        format.source(),
        String::from_utf8_lossy(line)
    );
}

#[test]
fn lines_come_apart() {
    let table: [(&str, &str, Option<&[&str]>); 11] = [
        (
            FORMATS[0],
            "081109 203518 148 INFO dfs.A$B: a: b c\r\n",
            Some(&["081109", "203518", "148", "INFO", "dfs.A$B", "a: b c"]),
        ),
        (
            FORMATS[0],
            "  081109\t203518  148 INFO a:  b  c ",
            Some(&["081109", "203518", "148", "INFO", "a", "b  c"]),
        ),
        (FORMATS[0], "java.io.IOException: no header here", None),
        (FORMATS[0], "", None),
        (
            FORMATS[3],
            "20171223-22:15:29:606|Step|300|a|b",
            Some(&["20171223-22:15:29:606", "Step", "300", "a|b"]),
        ),
        (
            FORMATS[4],
            "[10.30 16:49:06] chrome.exe - x - y",
            Some(&["10.30 16:49:06", "chrome.exe", "x - y"]),
        ),
        (
            r"<Month> <Component>(\[<PID>\])?: <Content>",
            "Jun sshd[12]: x",
            Some(&["Jun", "sshd", "12", "x"]),
        ),
        (
            r"<Month> <Component>(\[<PID>\])?: <Content>",
            "Jun kernel: x",
            Some(&["Jun", "kernel", "", "x"]),
        ),
        ("<A> <B> <Content>", "a  c", Some(&["a", "", "c"])),
        (r"<A>\.<Content>;", "a.b.c;", Some(&["a", "b.c"])),
        ("<Content>", "", Some(&[""])),
    ];
    for (format, line, expected) in table {
        let format = HeaderFormat::compile(format).unwrap();
        let expected = expected.map(|fields| fields.iter().map(|field| field.as_bytes()).collect::<Vec<_>>());
        assert_eq!(
            fields(&format, line.as_bytes()),
            expected,
            "{} on {line:?}",
            format.source()
        );
        assert_scan_agrees(&format, line.as_bytes());
    }
}

#[test]
fn fields_are_found_by_name() {
    let format = HeaderFormat::compile("(x|y) <Level> <Content> <Node-1>").unwrap();
    assert_eq!(format.fields(), ["Level", "Content", "Node-1"]);
    let header = format.split(b"x INFO some thing n7").unwrap();
    assert_eq!(
        (header.field(0), header.content(), header.field(2)),
        (b"INFO".as_slice(), b"some".as_slice(), b"thing n7".as_slice())
    );
}

#[test]
fn wrong_formats_say_why() {
    let error = |source| HeaderFormat::compile(source).unwrap_err();
    assert_eq!(error("<Date> <Time>"), FormatError::NoContent("<Date> <Time>".into()));
    assert_eq!(error("<A> <A> <Content>"), FormatError::DuplicateField("A".into()));
    let unclosed = error("[<Time> <Content>");
    assert!(
        matches!(&unclosed, FormatError::BadRegex { reason, .. } if reason.contains("unclosed")),
        "{unclosed}"
    );
}

#[test]
fn a_format_is_stored_as_its_text() {
    let format = HeaderFormat::compile(FORMATS[0]).unwrap();
    let json = serde_json::to_string(&format).unwrap();
    assert_eq!(json, format!("{:?}", FORMATS[0]));
    assert_eq!(serde_json::from_str::<HeaderFormat>(&json).unwrap(), format);
    let error = serde_json::from_str::<HeaderFormat>(r#""<Date>""#)
        .unwrap_err()
        .to_string();
    assert!(error.contains("has no `<Content>` field"), "{error}");
}

#[test]
fn only_plain_separators_are_scanned() {
    for format in FORMATS {
        assert!(HeaderFormat::compile(format).unwrap().plan.is_some(), "{format}");
    }
    for format in [
        r"<A>(\[<B>\])?: <Content>",
        "<A><Content>",
        "<A> <Content>;",
        "<A>.<Content>",
        r"<A>\d<Content>",
        "<A>\t<Content>",
    ] {
        assert!(HeaderFormat::compile(format).unwrap().plan.is_none(), "{format}");
    }
}

/// With a search that goes back to every space this takes minutes.
#[test]
fn a_huge_line_is_no_obstacle() {
    let line = [b"[t] p".as_slice(), &vec![b' '; 10_000_000], b"x"].concat();
    assert_eq!(HeaderFormat::compile(FORMATS[4]).unwrap().split(&line), None);
}

#[test]
fn scan_agrees_with_the_regex_on_loghub() {
    let Some(data) = std::env::var_os("DEEPLOG_DATA") else {
        // Straight to standard error: the test runner hides what a passing test prints.
        std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("LEFT OUT: DEEPLOG_DATA is not set, so no header of Loghub was tested\n"),
        )
        .unwrap();
        return;
    };
    let data = Path::new(&data);
    let settings: serde_json::Value =
        serde_json::from_slice(&fs::read(data.join("drain_settings.json")).unwrap()).unwrap();
    let formats: Vec<_> = settings
        .as_object()
        .unwrap()
        .values()
        .map(|system| system["log_format"].as_str().unwrap())
        .collect();
    for system in settings.as_object().unwrap().keys() {
        let log = fs::read(data.join(format!("loghub_2k/{system}/{system}_2k.log"))).unwrap();
        for format in &formats {
            let format = HeaderFormat::compile(format).unwrap();
            log.split(|&byte| byte == b'\n')
                .step_by(7)
                .for_each(|line| assert_scan_agrees(&format, line));
        }
    }
}

proptest! {
    #[test]
    fn scan_agrees_with_the_regex(
        format in prop::sample::select(&FORMATS[..]),
        line in prop::collection::vec(prop::sample::select(b"  \t\x1d::[]|-ab\xff\r\0".to_vec()), 0..30),
        prefix in prop::sample::select(vec!["", "[", "a b c d e: "]),
    ) {
        let format = HeaderFormat::compile(format).unwrap();
        assert_scan_agrees(&format, &[prefix.as_bytes(), &line].concat());
    }

    #[test]
    fn no_format_panics(source in "(<[A-Z]?>|<Content>|[ :.*()\\[\\\\a<>]){0,8}", line in any::<Vec<u8>>()) {
        if let Ok(format) = HeaderFormat::compile(&source) {
            let split = format.split(&line);
            prop_assert!(split.is_none_or(|header| header.iter().len() == format.fields().len()));
        }
    }
}
