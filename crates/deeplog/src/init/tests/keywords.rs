use std::fs;

use super::super::survey;
use crate::Unobserved;

/// A log of jobs that overlap, four events each. `{i}` is the number of the line, `{clock}` its minute and second, `{m}` the
/// message, `{t}` the job, `{l}` a level.
fn log(line: &str) -> String {
    let steps = [
        "accepted a job",
        "looked for its input files",
        "wrote the results to disk",
        "finished a job",
    ];
    let mut text = String::new();
    for i in 0..160 {
        // Two jobs at a time.
        let (job, step) = (i / 8 * 2 + i % 2, i % 8 / 2);
        let minute = format!("{:02}:{:02}", i / 60, i % 60);
        let line = line
            .replace("{i}", &i.to_string())
            .replace("{clock}", &minute)
            .replace("{m}", steps[step])
            .replace("{t}", &format!("t{job:03}"))
            .replace("{l}", ["info", "warn"][i % 2]);
        text += &(line + "\n");
    }
    text
}

#[test]
fn finds_the_formats_that_have_a_name() {
    for (line, format, stamp) in [
        (
            r#"{"time":"2026-01-02T03:{clock}.5Z","message":"{m}"}"#,
            "json",
            Some("%Y-%m-%dT%H:%M:%S%.fZ"),
        ),
        (r#"{"level":30,"time":1767323{i},"msg":"{m}"}"#, "json", None),
        (r#"{"message":"{m}"}"#, "json", None),
        (
            r#"{"label":{"said":"{m}"},"level":"{l}","x":"y"}"#,
            "json message=label.said",
            None,
        ),
        (
            "time=2026-01-02T03:{clock}+01:00 level={l} msg=\"{m}\"",
            "logfmt",
            Some("%Y-%m-%dT%H:%M:%S%z"),
        ),
        (
            "<34>1 2026-01-02T03:{clock}Z web app 1 - - {m}",
            "syslog",
            Some("%Y-%m-%dT%H:%M:%SZ"),
        ),
        ("Jan  2 03:{clock} web app[1]: {m}", "syslog", Some("%b %d %H:%M:%S")),
        (
            "2026-01-02T03:{clock}.000001+00:00 web app: {m}",
            "syslog",
            Some("%Y-%m-%dT%H:%M:%S%.f%z"),
        ),
        // A level is no host, and a module no program.
        (
            "2026-01-02T03:{clock}.5Z INFO app: {m}",
            "<Time> <Level> <Component>: <Content>",
            Some("%Y-%m-%dT%H:%M:%S%.fZ"),
        ),
        (
            r#"{"log":"{m}\n","stream":"stderr","time":"2026-01-02T03:{clock}.000000001Z"}"#,
            "docker",
            Some("%Y-%m-%dT%H:%M:%S%.fZ"),
        ),
        (
            r#"{"log":"2026-01-02 03:{clock} {l} {m}\n","stream":"stderr","time":"2026-01-02T03:{clock}Z"}"#,
            "docker inner='<Date> <Time> <Level> <Content>'",
            Some("%Y-%m-%d %H:%M:%S"),
        ),
        (
            r#"{"log":"{\"msg\":\"{m}\"}\n","stream":"stderr","time":"2026-01-02T03:{clock}Z"}"#,
            "docker inner='json'",
            Some("%Y-%m-%dT%H:%M:%SZ"),
        ),
        (
            "2026-01-02T03:{clock}Z stdout F time=2026-01-02 level={l} msg=\"{m}\"",
            "cri inner='logfmt'",
            None,
        ),
        ("2026-01-02T03:{clock}Z stdout F {m}", "cri", Some("%Y-%m-%dT%H:%M:%SZ")),
        ("__REALTIME_TIMESTAMP=1767323{i}\nMESSAGE={m}\n", "journald", None),
    ] {
        assert_found(&log(line), format, stamp);
    }
    assert_found(
        &("Level,Date and Time,Source,Event ID\n".to_owned()
            + &log("Information,1/2/2026 3:{clock} PM,app,7,\"{m}\n\nmore\"")),
        "csv",
        Some("%m/%d/%Y %I:%M:%S %p"),
    );
    assert_found(
        &("level;timestamp;message\n".to_owned() + &log("{l};2026-01-02 03:{clock};{m}")),
        "csv",
        Some("%Y-%m-%d %H:%M:%S"),
    );
}

#[test]
fn unix_time_is_found_in_any_unit() {
    for (digits, format) in [(10, "%s"), (13, "%s%3f"), (16, "%s%6f"), (19, "%s%9f")] {
        let mut text = String::new();
        for i in 0..50 {
            let stamp = format!("{:0<digits$}", 1_767_323_000 + i);
            text += &format!("{{\"time\":{stamp},\"msg\":\"it is {i}\"}}\n");
        }
        assert_found(&text, "json", Some(format));
    }
    assert_found(&log(r#"{"ts":1767323045.5,"msg":"{m}"}"#), "json", Some("%s%.f"));
}

#[test]
fn keys_that_name_executions_make_sessions() {
    for (line, format, field) in [
        (
            r#"{"msg":"{m}","ctx":{"trace_id":"{t}"},"level":"{l}"}"#,
            "json fields=ctx.trace_id",
            "ctx.trace_id",
        ),
        ("msg=\"{m}\" level={l} request={t}", "logfmt fields=request", "request"),
        (
            r#"{"log":"{\"msg\":\"{m}\",\"id\":\"{t}\"}\n","stream":"stdout","time":"2026-01-02T03:{clock}Z"}"#,
            "docker inner='json fields=id'",
            "id",
        ),
        (
            "__REALTIME_TIMESTAMP=1767323{i}\n_SYSTEMD_INVOCATION_ID={t}\nMESSAGE={m}\n",
            "journald fields=_SYSTEMD_INVOCATION_ID",
            "_SYSTEMD_INVOCATION_ID",
        ),
    ] {
        let dataset = assert_found(&log(line), format, None);
        assert!(
            dataset.contains(&format!("by = \"stream\"\nfield = \"{field}\"")),
            "{dataset}"
        );
    }
}

#[test]
fn what_only_looks_like_a_format_is_none() {
    for line in [
        "{m} {i} is no json",
        "a=b {m}",
        "the message, time {i}, {m}",
        "[1, 2, \"{m}\"]",
        "{\"half\": \"{m}",
        "MESSAGE: {m}",
    ] {
        let (_, format) = found(&log(line));
        assert!(format.contains("<Content>"), "{line}: {format}");
    }
}

/// The dataset and its format.
fn found(log: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    fs::write(&path, log).unwrap();
    let survey = survey(&path, "x", &mut Unobserved).unwrap();
    let header = survey
        .findings
        .iter()
        .find(|finding| finding.subject == "header")
        .unwrap();
    (survey.dataset.clone(), header.value.clone())
}

/// `stamp`: its format, where one is expected.
#[track_caller]
fn assert_found(log: &str, format: &str, stamp: Option<&str>) -> String {
    let (dataset, header) = found(log);
    let first = log.lines().next().unwrap();
    assert_eq!(header, format, "{first}");
    if let Some(stamp) = stamp {
        assert!(dataset.contains(&format!("format = \"{stamp}\"")), "{first}: {dataset}");
    }
    dataset
}
