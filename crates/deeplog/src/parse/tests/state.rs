use std::cell::Cell;

use super::*;

/// Parses with a state file, which is read as a caller reads it.
fn parse_with_state(log: &[u8], parsing: &Parsing, folder: &Path, observer: &mut dyn Observer) -> Result<ParseSummary> {
    let (log_path, path) = (folder.join("x.log"), folder.join("state"));
    fs::write(&log_path, log).unwrap();
    let state = StateFile {
        found: ParserState::read_if_there(&path)?,
        path,
        every: Duration::ZERO,
    };
    let parsing = Parsing {
        state: Some(state),
        ..parsing.clone()
    };
    parse(&[log_path], &parsing, &folder.join("out"), observer)
}

#[test]
fn learning_goes_on_from_call_to_call() {
    let log = mixed_log();
    let cut = log.iter().position(|&byte| byte == b'\n').unwrap() * 20;
    let cut = cut + log[cut..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let parsing = csv_only("<Date> <Time> <Level> <Content>", DrainConfig::default());
    let [parts, whole] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    parse_with_state(&log[..cut], &parsing, parts.path(), &mut Unobserved).unwrap();
    parse_with_state(&log[cut..], &parsing, parts.path(), &mut Unobserved).unwrap();
    parse_with_state(&log, &parsing, whole.path(), &mut Unobserved).unwrap();
    let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(
        read(parts.path(), "out/templates.csv"),
        read(whole.path(), "out/templates.csv")
    );
    let states = [&parts, &whole].map(|folder| {
        ParserState::read_if_there(&folder.path().join("state"))
            .unwrap()
            .unwrap()
    });
    let json = |state: &ParserState| serde_json::to_value(&state.parser).unwrap();
    assert_eq!(json(&states[0]), json(&states[1]));
    assert_eq!(states[0].lines.lines, states[1].lines.lines);
    assert_eq!(states[0].lines.messages, 42);

    let before = fs::read(parts.path().join("state")).unwrap();
    let masked = csv_only(
        "<Date> <Time> <Level> <Content>",
        DrainConfig {
            masks: vec![r"\d+".into()],
            ..DrainConfig::default()
        },
    );
    for other in [csv_only("<Date> <Content>", DrainConfig::default()), masked] {
        let error = parse_with_state(&log, &other, parts.path(), &mut Unobserved).unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error}");
        assert!(error.to_string().contains("state"), "{error}");
    }
    assert_eq!(fs::read(parts.path().join("state")).unwrap(), before);
}

/// Asks to stop after so many questions whether it does.
struct Stops(Cell<u32>);

impl Observer for Stops {
    fn begin(&mut self, _: &'static str, _: Option<u64>) {}
    fn advance(&mut self, _: u64, _: &str) {}
    fn end(&mut self, _: &str) {}
    fn detail(&mut self, _: &str) {}
    fn warn(&mut self, _: &str) {}
    fn is_cancelled(&self) -> bool {
        self.0.set(self.0.get().saturating_sub(1));
        self.0.get() == 0
    }
}

#[test]
fn what_is_stopped_keeps_what_it_learnt_and_no_table() {
    let log = mixed_log();
    let lines = log.split(|&byte| byte == b'\n').count() as u64;
    // One thread stops after a line, several after a block of them.
    let parsing = Parsing {
        threads: 1,
        ..csv_only("<Date> <Time> <Level> <Content>", DrainConfig::default())
    };
    // While it learns, and while it writes rows.
    for (after, learnt) in [(10, 10), (lines as u32 + 5, lines)] {
        let folder = tempfile::tempdir().unwrap();
        let mut observer = Stops(Cell::new(after));
        let error = parse_with_state(&log, &parsing, folder.path(), &mut observer).unwrap_err();
        assert!(matches!(error, Error::Interrupted { .. }), "{error}");
        assert!(
            error.hint().unwrap().contains(&format!("{learnt} lines")),
            "{:?}",
            error.hint()
        );
        let state = ParserState::read_if_there(&folder.path().join("state"))
            .unwrap()
            .unwrap();
        assert_eq!(state.lines.lines, learnt);
        assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 0);
    }
}
