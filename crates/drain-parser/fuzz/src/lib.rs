//! What must hold for any bytes. A function for each fuzz target; `tests/fuzz_corpus.rs` runs them on the corpus.

use drain_parser::{
    AutoConfig, DrainConfig, FrozenParser, LineFormat, Mined, Parser, ParserConfig, Piece, RecordJoiner, Scratch,
    Unescaped,
};

/// The first line is a format, the others are lines of a log: each field is there, and each line is counted once.
pub fn formats(data: &[u8]) {
    let (source, log) = cut(data, b'\n');
    let Ok(Ok(format)) = std::str::from_utf8(source).map(LineFormat::compile) else {
        return;
    };
    let text = serde_json::to_string(&format).unwrap();
    assert_eq!(
        serde_json::from_str::<LineFormat>(&text).unwrap().fields(),
        format.fields()
    );
    let mut unescaped = Unescaped::default();
    if let Some(header) = format.split(log, &mut unescaped) {
        assert_eq!(header.iter().len(), format.fields().len());
    }
    let mut joiner = RecordJoiner::new(format.clone());
    let (mut lines, mut counted) = (0, 0);
    for line in log.split(|&byte| byte == b'\n') {
        if let Some(header) = format.split(line, &mut unescaped) {
            assert_eq!(header.iter().len(), format.fields().len());
            assert!(!header.content().contains(&b'\n'));
        }
        lines += 1;
        counted += lines_of(&joiner.push(lines, line));
        if lines % 5 == 0 {
            let saved = serde_json::to_string(joiner.state()).unwrap();
            joiner.restore(serde_json::from_str(&saved).unwrap());
        }
    }
    while let Some(piece) = joiner.finish() {
        counted += lines_of(&piece);
    }
    assert_eq!(counted, lines);
}

fn lines_of(piece: &Piece<'_>) -> u64 {
    match piece {
        Piece::Message(record) => record.lines,
        Piece::Other { lines, .. } => *lines,
        Piece::Blank { .. } => 1,
        Piece::Open => 0,
    }
}

/// A delimiter, a line for each mask, an empty line, contents.
pub fn masks(data: &[u8]) {
    let (delimiter, mut rest) = cut(data, b'\n');
    let mut masks = Vec::new();
    while masks.len() < 6 {
        let (mask, behind) = cut(rest, b'\n');
        rest = behind;
        match std::str::from_utf8(mask) {
            Ok("") => break,
            Ok(mask) => masks.push(mask.to_owned()),
            Err(_) => return,
        }
    }
    let extra_delimiters = std::str::from_utf8(delimiter)
        .into_iter()
        .filter(|text| !text.is_empty());
    let drain = DrainConfig {
        masks: masks.clone(),
        extra_delimiters: extra_delimiters.map(str::to_owned).collect(),
        ..DrainConfig::default()
    };
    let auto = AutoConfig {
        masks,
        ..AutoConfig::default()
    };
    learn_and_restore(ParserConfig::Drain(drain), rest);
    learn_and_restore(ParserConfig::Auto(auto), rest);
}

/// Contents, by both methods; the first byte bounds what is remembered.
pub fn contents(data: &[u8]) {
    let Some((&bound, log)) = data.split_first() else {
        return;
    };
    let bound = usize::from(bound).max(1);
    learn_and_restore(ParserConfig::default(), log);
    learn_and_restore(ParserConfig::Drain(DrainConfig::default()), log);
    for config in [
        ParserConfig::Auto(AutoConfig {
            max_patterns: bound,
            ..AutoConfig::default()
        }),
        ParserConfig::Drain(DrainConfig {
            max_clusters: Some(bound),
            max_children: bound,
            depth: 3 + bound % 3,
            ..DrainConfig::default()
        }),
    ] {
        let mut parser = Parser::new(config).unwrap();
        log.split(|&byte| byte == b'\n').for_each(|content| {
            parser.learn(content);
        });
        let clusters = parser.clusters();
        assert!(clusters.len() <= bound);
        assert_eq!(
            serde_json::to_value(again(&parser)).unwrap(),
            serde_json::to_value(&parser).unwrap()
        );
        assert_eq!(again(&parser).clusters(), clusters);
    }
}

/// Every learnt content has a template and comes back, also after a way through a file, and after parts were merged.
fn learn_and_restore(config: ParserConfig, log: &[u8]) {
    let Ok(mut parser) = Parser::new(config.clone()) else {
        return;
    };
    let contents: Vec<&[u8]> = log.split(|&byte| byte == b'\n').collect();
    contents.iter().for_each(|content| {
        parser.learn(content);
    });
    let frozen = parser.freeze();
    let lines: u64 = frozen.templates().iter().map(|template| template.count).sum();
    assert_eq!(lines, contents.len() as u64);
    matches_and_restores(&frozen, &contents);
    let reloaded: FrozenParser = again(&frozen);
    assert_eq!(reloaded.templates(), frozen.templates());

    let parts = contents.split_at(contents.len() / 2);
    let mined = [parts.0, parts.1].map(|part| {
        let mut parser = Parser::new(config.clone()).unwrap();
        part.iter().for_each(|content| {
            parser.learn(content);
        });
        again(&parser.mined())
    });
    let texts = |first: &Mined, second: &Mined| {
        let mut mined = first.clone();
        mined.merge(second).unwrap();
        let frozen = again(&mined).freeze().unwrap();
        matches_and_restores(&frozen, &contents);
        let mut texts: Vec<_> = frozen.templates().iter().map(|t| (t.text.clone(), t.count)).collect();
        texts.sort_unstable();
        texts
    };
    let merged = texts(&mined[0], &mined[1]);
    assert_eq!(merged, texts(&mined[1], &mined[0]));
    if matches!(config, ParserConfig::Auto(_)) {
        let mut whole: Vec<_> = frozen.templates().iter().map(|t| (t.text.clone(), t.count)).collect();
        whole.sort_unstable();
        assert_eq!(merged, whole);
    }
}

fn matches_and_restores(frozen: &FrozenParser, contents: &[&[u8]]) {
    let mut scratch = Scratch::default();
    for content in contents {
        let line = frozen
            .parse(content, &mut scratch)
            .expect("a learnt content has a template");
        assert!(line.exact);
        assert_eq!(frozen.restore(&line), *content);
        let text = &frozen.templates()[line.template].text;
        assert_eq!(text.matches("<*>").count(), line.parameters.len(), "{text}");
    }
}

/// A saved parser, frozen parser or mined state: an error, or something that works.
pub fn states(data: &[u8]) {
    const LINE: &[u8] = b"took 7 ms for /a/b";
    let mut scratch = Scratch::default();
    if let Ok(mut parser) = serde_json::from_slice::<Parser>(data) {
        assert_eq!(
            serde_json::to_value(again(&parser)).unwrap(),
            serde_json::to_value(&parser).unwrap()
        );
        parser.learn(LINE);
        parser.clusters();
        let frozen = parser.freeze();
        let line = frozen
            .parse(LINE, &mut scratch)
            .expect("a learnt content has a template");
        assert_eq!(frozen.restore(&line), LINE);
    }
    if let Ok(frozen) = serde_json::from_slice::<FrozenParser>(data) {
        assert_eq!(again(&frozen).templates(), frozen.templates());
        if let Some(line) = frozen.parse(LINE, &mut scratch) {
            assert_eq!(frozen.restore(&line), LINE);
        }
    }
    if let Ok(mut mined) = serde_json::from_slice::<Mined>(data) {
        let other = mined.clone();
        mined.merge(&other).unwrap();
        if let Ok(frozen) = mined.freeze() {
            frozen.parse(LINE, &mut scratch);
        }
    }
}

/// The same, written and read.
fn again<T: serde::Serialize + serde::de::DeserializeOwned>(state: &T) -> T {
    serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
}

fn cut(data: &[u8], at: u8) -> (&[u8], &[u8]) {
    match data.iter().position(|&byte| byte == at) {
        Some(found) => (&data[..found], &data[found + 1..]),
        None => (data, b""),
    }
}
