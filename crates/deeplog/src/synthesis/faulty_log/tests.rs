//! Faults change the lines that they say, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use drain_parser::Piece;
use log_synthesis::FaultKind;
use proptest::prelude::*;
use sequence_windowing::{Event, Session};

use super::*;
use crate::input::Records;
use crate::intake::Intake;
use crate::observer::Unobserved;

const DATASET: &str = r#"
name = "jobs"
[header]
format = '<Time> <Level> <Content>'
[time]
fields = ["Time"]
format = "%s"
[session]
by = "identifier"
pattern = 'job-\d+'
end_of_input = "complete"
"#;

const WORDS: [&str; 5] = ["opens file", "reads bytes", "writes bytes", "sleeps for", "closes file"];

/// Lines of jobs: by each the job, what it does, a number, and the seconds since the line before.
fn log(lines: &[(u8, usize, u16, u8)], trace: bool) -> String {
    let mut time = 1_700_000_000_u64;
    let line = |&(job, word, number, gap): &(u8, usize, u16, u8)| {
        time += u64::from(gap);
        let trace = if trace && number % 5 == 0 {
            "\n\tat worker.run"
        } else {
            ""
        };
        format!("{time} INFO job-{job} {} {number}{trace}\n", WORDS[word])
    };
    lines.iter().map(line).collect()
}

fn profile(folder: &Path, more: &str) -> Profile {
    let path = folder.join("jobs.toml");
    fs::write(&path, format!("{DATASET}{more}")).unwrap();
    Profile::read(&path).unwrap()
}

/// The sessions of a log, as a reader of it forms them.
fn sessions(log: &Path, profile: &Profile) -> BTreeMap<String, Session<Vec<u8>>> {
    let mut intake = Intake::new(profile, profile.header.fields()).unwrap();
    let mut collector = profile.collector().unwrap();
    let mut records = Records::of(vec![log.to_owned()], &profile.header);
    while let Some((_, piece)) = records.next_piece().unwrap() {
        if let Piece::Message(record) = piece {
            let (time, names) = intake.place(&record.header);
            let event = Event {
                key: record.header.content().to_vec(),
                line: record.line,
                time,
            };
            collector.push(&event, names, false);
        }
    }
    let (sessions, _) = collector.finish();
    sessions
        .into_iter()
        .map(|session| (session.id.to_string(), session))
        .collect()
}

/// Id, kind, position, line of the sessions with a fault.
fn faults(labels: &Path) -> Vec<(String, FaultKind, usize, Option<u64>)> {
    let mut rows = csv::Reader::from_path(labels).unwrap();
    let rows = rows.records().map(Result::unwrap).filter(|row| &row[1] == "Anomaly");
    rows.map(|row| {
        let line = (!row[4].is_empty()).then(|| row[4].parse().unwrap());
        (
            row[0].to_owned(),
            row[2].parse().unwrap(),
            row[3].parse().unwrap(),
            line,
        )
    })
    .collect()
}

/// `None` where no session takes such a fault.
fn put(log: &str, folder: &Path, more: &str, kinds: &[FaultKind], seed: u64) -> Option<Profile> {
    fs::write(folder.join("jobs.log"), log).unwrap();
    let profile = profile(folder, more);
    let injection = LogInjection {
        log: folder.join("jobs.log"),
        files: vec![folder.join("jobs.log")],
        profile: profile.clone(),
        labels: None,
        faults: Inject {
            share: 0.5,
            kinds: kinds.to_vec(),
            seed,
        },
    };
    if let Err(error) = inject_log(&injection, &folder.join("out"), &mut Unobserved) {
        assert!(error.to_string().contains("normal sessions got a fault"), "{error}");
        assert!(!folder.join("out").exists());
        return None;
    }
    Some(profile)
}

fn lines_of_others(log: &str, faulty: &BTreeSet<String>) -> Vec<String> {
    let mut is_faulty = false;
    let others = log.lines().filter(|line| {
        if let Some(at) = line.find("job-") {
            let id = line[at..].split(' ').next().unwrap();
            is_faulty = faulty.contains(id);
        }
        !is_faulty
    });
    others.map(str::to_owned).collect()
}

fn check(
    lines: &[(u8, usize, u16, u8)],
    trace: bool,
    more: &str,
    kind: FaultKind,
    seed: u64,
) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let original = log(lines, trace);
    let Some(profile) = put(&original, folder.path(), more, &[kind], seed) else {
        return Ok(());
    };
    let faulty = fs::read_to_string(folder.path().join("out/faulty.log")).unwrap();
    let before = sessions(&folder.path().join("jobs.log"), &profile);
    let after = sessions(&folder.path().join("out/faulty.log"), &profile);
    let faults = faults(&folder.path().join("out/labels.csv"));
    let ids: BTreeSet<String> = faults.iter().map(|(id, ..)| id.clone()).collect();
    prop_assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>(),
        "no session comes or goes"
    );
    let names: BTreeSet<String> = ids.iter().map(|id| id.split('#').next().unwrap().to_owned()).collect();
    prop_assert_eq!(
        lines_of_others(&original, &names),
        lines_of_others(&faulty, &names),
        "others stay as they are"
    );
    for (id, session) in &before {
        if !ids.contains(id) {
            let keys =
                |session: &Session<Vec<u8>>| session.events.iter().map(|event| event.key.clone()).collect::<Vec<_>>();
            prop_assert_eq!(keys(session), keys(&after[id]));
        }
    }
    let all = faulty.lines().filter(|line| line.starts_with('1'));
    let stamps: Vec<u64> = all
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect();
    prop_assert!(stamps.is_sorted(), "in the order of time");
    for (id, of_kind, position, line) in &faults {
        prop_assert_eq!(*of_kind, kind);
        let (old, new) = (&before[id].events, &after[id].events);
        prop_assert_eq!(
            new.get(*position).map(|event| event.line),
            *line,
            "{} of {} is its event {}",
            id,
            kind,
            position
        );
        let gone = old.len() as i64 - new.len() as i64;
        match kind {
            FaultKind::Missing => prop_assert_eq!(gone, 1),
            FaultKind::Doubled | FaultKind::Foreign => prop_assert_eq!(gone, -1),
            FaultKind::Truncated => prop_assert!(gone > 0 && line.is_none() && *position == new.len()),
            _ => prop_assert_eq!(gone, 0),
        }
        let text = |events: &[Event<Vec<u8>>]| {
            events
                .iter()
                .map(|event| String::from_utf8_lossy(&event.key).into_owned())
                .collect::<Vec<_>>()
        };
        let (old_texts, new_texts) = (text(old), text(new));
        let changed = old_texts.iter().zip(&new_texts).filter(|(a, b)| a != b).count();
        match kind {
            FaultKind::Delayed => {
                prop_assert_eq!(&old_texts, &new_texts);
                for (index, (old, new)) in old.iter().zip(new).enumerate() {
                    let late = new.time.unwrap().0 - old.time.unwrap().0;
                    let is_right = if index < *position {
                        late == 0
                    } else {
                        late >= 60_000_000
                    };
                    prop_assert!(is_right, "{}: {}", index, late);
                }
            }
            FaultKind::OutOfRange => {
                prop_assert_eq!(changed, 1);
                let number: f64 = new_texts[*position].rsplit(' ').next().unwrap().parse().unwrap();
                // Of its own event template: what others hold is no measure for it.
                let says = |text: &str| WORDS.iter().position(|word| text.contains(word));
                let own = says(&old_texts[*position]).unwrap();
                let numbers = lines.iter().filter(|line| line.1 == own).map(|line| line.2);
                let most = f64::from(numbers.max().unwrap());
                prop_assert!(
                    number >= 10.0 * most.max(1.0),
                    "{} where {} was the largest",
                    number,
                    most
                );
            }
            FaultKind::Replaced => {
                prop_assert_eq!(changed, 1);
                let name = id.split('#').next().unwrap().to_owned() + " ";
                prop_assert!(new_texts[*position].starts_with(&name));
                prop_assert_eq!(old[*position].time, new[*position].time);
            }
            FaultKind::Swapped | FaultKind::Moved => {
                let sorted = |mut texts: Vec<String>| {
                    texts.sort();
                    texts
                };
                prop_assert_eq!(sorted(old_texts), sorted(new_texts));
            }
            FaultKind::Missing | FaultKind::Doubled | FaultKind::Foreign | FaultKind::Truncated => {}
        }
    }
    if kind == FaultKind::Foreign && !trace {
        // By lines from the last to the first, so that numbers stay true.
        let mut lines: Vec<u64> = faults.iter().filter_map(|fault| fault.3).collect();
        lines.sort_unstable();
        let mut without: Vec<&str> = faulty.split_inclusive('\n').collect();
        for line in lines.into_iter().rev() {
            without.remove((line - 1) as usize);
        }
        prop_assert_eq!(
            without.concat(),
            original.clone(),
            "without the foreign lines the log is the original"
        );
    }
    if kind == FaultKind::Doubled && !trace {
        let mut seen = original.lines().peekable();
        let rest: Vec<&str> = faulty.lines().filter(|line| seen.next_if_eq(line).is_none()).collect();
        prop_assert_eq!(rest.len(), faults.len(), "one line more for each fault");
        prop_assert!(seen.next().is_none(), "without them the log is the original");
    }
    Ok(())
}

#[test]
fn a_number_is_out_of_the_range_of_its_own_template() {
    // What reads bytes holds far larger numbers than what opens files.
    let job = |job: u8| [(job, 0, 10 + u16::from(job), 1), (job, 1, 700 + u16::from(job), 1)];
    let lines: Vec<_> = (0..6).cycle().take(30).flat_map(job).collect();
    for seed in 0..10 {
        check(&lines, false, "", FaultKind::OutOfRange, seed).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn faults_change_what_they_say_and_nothing_else(
        lines in prop::collection::vec((0_u8..6, 0_usize..5, 0_u16..900, 0_u8..20), 12..90),
        kind in prop::sample::select(FaultKind::ALL),
        trace: bool,
        idle: bool,
        seed: u64,
    ) {
        check(&lines, trace, if idle { "idle = \"2m\"\n" } else { "" }, kind, seed)?;
    }
}
