//! `deeplog explore` and `deeplog features`: the first look at a log, and its sessions for other tools.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

use crate::harness::{Room, data};

/// Jobs that are taken, work and end; every tenth one fails.
fn jobs(count: u32) -> String {
    let mut log = String::new();
    for n in 0..count {
        let at = |second: u32| format!("2026-01-05 {:02}:{:02}:{second:02}", 8 + n / 60, n % 60);
        log += &format!("{} INFO job-{:04} taken by worker {}\n", at(1), 1000 + n, n % 9);
        log += &format!("{} INFO job-{:04} reads {} bytes\n", at(2), 1000 + n, n * 17);
        log += &match n % 10 {
            7 => format!("{} ERROR job-{:04} failed: connection refused\n", at(3), 1000 + n),
            _ => format!("{} INFO job-{:04} done in {} ms\n", at(4), 1000 + n, n * 3),
        };
    }
    log
}

/// A page that loads nothing and runs nothing.
#[track_caller]
fn assert_self_contained(page: &str) {
    assert!(page.contains("default-src 'none'") && page.ends_with("</html>\n"));
    for foreign in [
        "<script",
        "http://",
        "https://",
        "<link",
        "<img",
        "<iframe",
        "url(http",
        "@import",
        "javascript:",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert_eq!(page.matches("<details").count(), page.matches("</details>").count());
}

#[test]
fn a_log_is_explored_with_nothing_set() {
    let room = Room::new();
    room.write("jobs.log", jobs(120));
    let outcome = room.deeplog("explore jobs.log --out look").ok();
    assert_eq!(room.files("look"), ["jobs.explore.html"]);
    for wanted in [
        "360 lines, 4 event templates, 120 sessions",
        "2026-01-05 08:00:01 to 2026-01-05 09:59:04",
        "12 lines (3.33%) are of level error or worse, of 1 template",
        "from line 24",
        "ERROR   12",
        "median 3, 95% up to 3, at most 3",
    ] {
        assert!(outcome.stdout.contains(wanted), "{wanted:?} in\n{}", outcome.stdout);
    }
    assert!(outcome.stderr.contains("look/jobs.explore.html"), "{}", outcome.stderr);
    let page = room.read("look/jobs.explore.html");
    assert_self_contained(&page);
    for wanted in [
        "What looks odd",
        "identifier",
        "What follows what",
        "<b>end</b> 100.0%",
        "numbers",
        "Longest silences",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
    let quiet = room.deeplog("explore jobs.log --out look --quiet").ok();
    assert_eq!((quiet.stdout, quiet.stderr), (outcome.stdout, String::new()));
}

#[test]
fn threads_packing_and_standard_input_change_nothing() {
    let room = Room::new();
    let log = jobs(300);
    room.write("jobs.log", &log);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(log.as_bytes()).unwrap();
    room.write("jobs.log.gz", packed.finish().unwrap());
    let half = log.match_indices('\n').nth(449).unwrap().0 + 1;
    room.write("parts/a.log", &log[..half]);
    room.write("parts/b.log", &log[half..]);
    let body = |name: &str| {
        let page = room.read(name);
        page.split_once("<dl>").unwrap().1.to_owned()
    };
    room.deeplog("explore jobs.log --threads 1 --out one").ok();
    room.deeplog("explore jobs.log --threads 7 --out many").ok();
    assert_eq!(room.read("one/jobs.explore.html"), room.read("many/jobs.explore.html"));
    room.deeplog("explore jobs.log.gz --out packed").ok();
    room.deeplog("explore parts --out folder").ok();
    room.deeplog("explore parts/*.log --out globbed").ok();
    room.feed("explore - --out piped", log.as_bytes()).ok();
    let whole = body("one/jobs.explore.html");
    for other in [
        "packed/jobs.explore.html",
        "folder/parts.explore.html",
        "globbed/log.explore.html",
        "piped/stdin.explore.html",
    ] {
        let folder = other.split('/').next().unwrap();
        let files = room.files(folder);
        assert_eq!(body(&format!("{folder}/{}", files[0])), whole, "{other} {files:?}");
    }
}

#[test]
fn hostile_content_stays_text() {
    let room = Room::new();
    let attacks = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\"><svg onload=alert(1)>",
        "\u{1b}]0;title\u{7}\u{1b}[31m",
        "user\u{202e}txt.exe",
        "zero\u{200b}width",
    ];
    let mut log = jobs(40).into_bytes();
    for (n, attack) in attacks.iter().enumerate() {
        for repeat in 0..=n {
            log.extend(format!("2026-01-05 12:00:0{n} ERROR job-1{n}{repeat}0 {attack} ended\n").into_bytes());
        }
    }
    log.extend(b"2026-01-05 12:01:00 INFO job-1001 \xff\xfe\0 done\n");
    room.write("<b>odd\u{1b}.log", log);
    let dataset = "[header]\nformat = '<Date> <Time> <Level> <Content>'\n[time]\nfields = ['Date', 'Time']\n\
                   format = '%Y-%m-%d %H:%M:%S'\n[session]\nby = 'identifier'\npattern = 'job-\\S+ \\S+'\n";
    room.write("jobs.toml", dataset);
    for flags in ["", " --dataset jobs.toml"] {
        let outcome = room
            .deeplog(&format!("explore <b>odd\u{1b}.log --out look{flags}"))
            .ok();
        let files = room.files("look");
        let page = room.read(&format!("look/{}", files[0]));
        assert_self_contained(&page);
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "shown as text");
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"), "shown as text");
        for shown in [&page, &outcome.stdout] {
            for character in ['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}', '\0'] {
                assert!(!shown.contains(character), "{character:?}");
            }
        }
        assert!(!page.contains("<b>odd"), "the file's name is escaped");
    }
}

#[test]
fn logs_with_little_in_them_give_a_page_that_says_so() {
    let room = Room::new();
    let long = format!("2026-01-05 08:00:00 INFO {}\n", "x".repeat(10 << 20));
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty", b"", "The log is empty."),
        ("blank", b"\n \n\n", "3 blank lines and nothing else"),
        ("one", b"2026-01-05 08:00:00 INFO started\n", "1 line"),
        (
            "words",
            b"no stamps\nno stamps either\nnone\n",
            "No time stamp was read",
        ),
        ("bytes", b"\xc3\x28 \xff\xfe\nplain\n\xff\n", "no UTF-8"),
        ("long", long.as_bytes(), "1 line"),
    ];
    for (name, log, wanted) in cases {
        room.write(&format!("{name}.log"), log);
        let outcome = room.deeplog(&format!("explore {name}.log --out look")).ok();
        let page = room.read(&format!("look/{name}.explore.html"));
        assert_self_contained(&page);
        assert!(
            page.contains(wanted) || outcome.stdout.contains(wanted),
            "{name}: {}",
            outcome.stdout
        );
        assert!(page.len() < 200_000, "{name}: {}", page.len());
    }
    room.write("same.log", "2026-01-05 08:00:00 INFO started\n".repeat(3));
    room.deeplog("explore same.log --out look").ok();
    let page = room.read("look/same.explore.html");
    assert!(page.contains("Drawn is the most frequent template (100.0%"), "{page}");
    room.write(
        "hdfs.toml",
        "[header]\nformat = '<Date>-<Time>-<Content>'\n[session]\nby = 'count'\nevents = 5\n",
    );
    room.write("other.log", jobs(3).replace('-', "+"));
    let outcome = room.deeplog("explore other.log --dataset hdfs.toml --out look").ok();
    assert!(
        outcome.stdout.contains("None of the 9 lines fits the header"),
        "{}",
        outcome.stdout
    );
    assert!(
        room.read("look/other.explore.html")
            .contains("2026+01+05 08:00:01 INFO job+1000 taken")
    );
}

#[test]
fn sessions_with_the_same_name_are_counted() {
    let room = Room::new();
    room.write("twice.txt", "s1,1 2 3\ns1,1 2\ns2,3 4\ns1,4\n");
    let said = room.deeplog("features twice.txt --out out").ok().stderr;
    assert!(
        said.contains("2 of 4 sessions have the name of one before them"),
        "{said}"
    );
    assert_eq!(room.read("out/sequences.csv").lines().count(), 5);
    room.write("once.txt", "s1,1 2 3\ns2,3 4\n");
    let said = room.deeplog("features once.txt --out out").ok().stderr;
    assert!(!said.contains("note"), "{said}");
}

#[test]
fn wrong_calls_are_told() {
    let room = Room::new();
    room.write("jobs.log", jobs(5));
    room.write("plain.log", "one thing\nother thing\n");
    room.write("no.toml", "[header]\nformat = '<A'\n");
    room.deeplog("explore missing.log").fails(1, &["missing.log"]);
    room.deeplog("explore jobs.log --dataset missing.toml")
        .fails(1, &["missing.toml"]);
    room.deeplog("explore jobs.log --dataset no.toml")
        .fails(2, &["header.format"]);
    room.deeplog("explore jobs.log --out jobs.log/x")
        .fails(1, &["jobs.log"]);
    room.deeplog("features plain.log --out out")
        .fails(1, &["belong together"]);
    room.deeplog("features missing.txt --out out")
        .fails(1, &["missing.txt"]);
    room.write("empty.txt", "");
    room.write("blank.txt", "\n  \n");
    room.write(
        "count.toml",
        "[header]\nformat = '<Content>'\n[session]\nby = 'count'\nevents = 5\n",
    );
    for (files, more) in [
        ("empty.txt", ""),
        ("blank.txt", ""),
        ("empty.txt, blank.txt", " --dataset count.toml"),
    ] {
        let call = format!("features {}{more} --out out", files.replace(',', ""));
        room.deeplog(&call).fails(1, &[&format!("{files} is empty")]);
    }
    for call in [
        "explore",
        "explore jobs.log --threads 0",
        "explore jobs.log --verbose --quiet",
        "features jobs.log",
        "features jobs.log --out out --format xlsx",
    ] {
        assert_eq!(room.deeplog(call).code, Some(2), "{call}");
    }
    assert!(!room.path("out").exists());
}

/// The cells of a CSV, its header first.
fn table(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

/// Sum of all counts of a wide matrix, and the number of its sessions.
fn sum(path: &Path) -> (u64, usize) {
    let rows = table(path);
    let cells = rows[1..].iter().flat_map(|row| &row[1..]);
    (cells.map(|cell| cell.parse::<u64>().unwrap()).sum(), rows.len() - 1)
}

#[test]
fn features_of_a_log_count_every_event_once() {
    let room = Room::new();
    room.write("jobs.log", jobs(50));
    let outcome = room.deeplog("features jobs.log --out out --format csv,parquet").ok();
    assert!(
        outcome.stderr.contains("50 sessions × 4 templates, 150 events"),
        "{}",
        outcome.stderr
    );
    let names = ["counts", "sequences", "templates", "tfidf"];
    let expected: Vec<String> = names
        .iter()
        .flat_map(|name| [format!("{name}.csv"), format!("{name}.parquet")])
        .collect();
    assert_eq!(room.files("out"), expected);
    assert_eq!(sum(&room.path("out/counts.csv")), (150, 50));
    let occurrences: BTreeMap<String, u64> = table(&room.path("out/templates.csv"))[1..]
        .iter()
        .map(|row| (row[1].clone(), row[2].parse().unwrap()))
        .collect();
    assert_eq!(occurrences.values().sum::<u64>(), 150);
    assert!(
        occurrences
            .keys()
            .any(|template| template.ends_with("failed: connection refused")),
        "{occurrences:?}"
    );
    for row in &table(&room.path("out/tfidf.csv"))[1..] {
        let squares: f64 = row[1..].iter().map(|cell| cell.parse::<f64>().unwrap().powi(2)).sum();
        assert!((squares - 1.0).abs() < 1e-9, "{row:?}");
    }
    for file in names.map(|name| room.path(&format!("out/{name}.parquet"))) {
        let bytes = fs::read(file).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }

    // What was written is a session file again, and gives the same.
    room.deeplog("features out/sequences.csv --out again").ok();
    assert_eq!(room.read("again/counts.csv"), room.read("out/counts.csv"));
    assert_eq!(room.read("again/tfidf.csv"), room.read("out/tfidf.csv"));
    let one = room.deeplog("features jobs.log --threads 1 --out one --quiet").ok();
    assert_eq!((one.stdout, one.stderr), (String::new(), String::new()));
    assert_eq!(room.read("one/counts.csv"), room.read("out/counts.csv"));
}

#[test]
fn real_logs_are_explored() {
    let Some(data) = data("real_logs_are_explored") else {
        return;
    };
    let room = Room::new();
    for (log, wanted) in [
        (
            "loghub_2k/HDFS/HDFS_2k.log",
            &[
                "2,000 lines",
                "are warnings, and none is worse",
                "dfs.DataNode$PacketResponder",
            ][..],
        ),
        (
            "loghub_2k/BGL/BGL_2k.log",
            &[
                "FATAL      347",
                "come for the first time in the last fifth",
                "none found",
            ],
        ),
        (
            "loghub_2k/OpenSSH/OpenSSH_2k.log",
            &["520 sessions", "a stream per <Pid>", "speak of trouble"],
        ),
        (
            "loghub_2k/Proxifier/Proxifier_2k.log",
            &["2,000 lines", "volume: a column is"],
        ),
        (
            "hdfs_raw/HDFS_20000.log",
            &[
                "20,000 lines, 14 event templates, 1,782 sessions",
                "has 249 events, the median one 13",
            ],
        ),
    ] {
        let path = data.join(log);
        let outcome = room.call(&["explore", path.to_str().unwrap(), "--out", "look"]).ok();
        for wanted in wanted {
            assert!(
                outcome.stdout.contains(wanted),
                "{log}: {wanted:?} in\n{}",
                outcome.stdout
            );
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let page = room.read(&format!("look/{name}.explore.html"));
        assert!(page.contains("<svg class=\"graph\"") && page.len() < 1_000_000, "{log}");
        assert!(!page.contains("<script"));
    }
    let log = data.join("hdfs_raw/HDFS_20000.log");
    room.call(&["features", log.to_str().unwrap(), "--out", "raw"]).ok();
    assert_eq!(sum(&room.path("raw/counts.csv")), (20_000, 1_782));
    let sessions = data.join("hdfs/normal_dev.csv");
    let outcome = room
        .call(&["features", sessions.to_str().unwrap(), "--out", "dev"])
        .ok();
    assert!(
        outcome.stderr.contains("read as sessions of keys"),
        "{}",
        outcome.stderr
    );
    assert_eq!(sum(&room.path("dev/counts.csv")).1, 5_583);
}
