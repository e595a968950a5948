use proptest::prelude::*;

use super::*;
use crate::vocabulary::UNKNOWN;

fn drain(config: DrainConfig) -> Drain {
    Drain::new(config).unwrap()
}

/// The cluster numbers of `contents`, learnt in their order.
fn learn(drain: &mut Drain, contents: &[&str]) -> Vec<u64> {
    contents
        .iter()
        .map(|content| drain.learn(content.as_bytes()).0)
        .collect()
}

fn texts(drain: &Drain) -> Vec<String> {
    drain.clusters().map(|cluster| cluster.template).collect()
}

#[test]
fn grouping_follows_the_published_rules() {
    let base = || DrainConfig {
        similarity: 0.5,
        max_children: 3,
        ..DrainConfig::default()
    };
    let table: [(&str, DrainConfig, &[&str], &[u64]); 9] = [
        (
            "the last free branch becomes the wildcard",
            base(),
            &["a s s", "b s s", "c s s", "d s s", "a s s"],
            &[0, 1, 2, 2, 0],
        ),
        (
            "with a wildcard there, words branch until the node is full",
            base(),
            &["1 s s", "a x y", "b x y", "c p q", "c s s", "b s s", "d p q"],
            &[0, 1, 2, 3, 0, 4, 3],
        ),
        (
            "numbers share the wildcard",
            base(),
            &["1 s s", "a2 s s", "b s s"],
            &[0, 0, 0],
        ),
        (
            "numbers branch when told",
            DrainConfig {
                numeric_tokens: false,
                ..base()
            },
            &["1 s s", "2 s s"],
            &[0, 1],
        ),
        (
            "similarity may just be reached",
            base(),
            &["a b c d", "a b x y", "a v w d"],
            &[0, 0, 1],
        ),
        (
            "of equally similar ones, more parameters win over age",
            DrainConfig { depth: 3, ..base() },
            &["p q r s", "a b c d", "a b c e", "a b r s"],
            &[0, 1, 1, 1],
        ),
        (
            "then age wins",
            DrainConfig { depth: 3, ..base() },
            &["p q r s", "a b c d", "a b r s"],
            &[0, 1, 0],
        ),
        (
            "contents shorter than the tree group when equal",
            DrainConfig {
                depth: 6,
                similarity: 0.1,
                ..base()
            },
            &["a b 1", "a b 2", "a b 1", "", " ", "a b c 1", "a b c 2"],
            &[0, 1, 0, 2, 2, 3, 3],
        ),
        (
            "delimiters part tokens, but not placeholders",
            DrainConfig {
                extra_delimiters: vec!["=".into(), "*".into()],
                masks: vec!["x".into()],
                ..base()
            },
            &["k a=b=c x*x", "k a b c x x"],
            &[0, 0],
        ),
    ];
    for (name, config, contents, expected) in table {
        assert_eq!(learn(&mut drain(config), contents), expected, "{name}");
    }
}

#[test]
fn templates_widen() {
    let mut drain = drain(DrainConfig {
        masks: vec![r"\d+".into()],
        ..DrainConfig::default()
    });
    learn(&mut drain, &["took 12ms in a", "took 7ms in b", "took 7ms at b"]);
    assert_eq!(texts(&drain), ["took <*>ms <*> <*>"]);
    assert_eq!(drain.clusters().next().unwrap().count, 3);
}

#[test]
fn the_least_recently_matched_goes() {
    let mut drain = drain(DrainConfig {
        max_clusters: Some(2),
        ..DrainConfig::default()
    });
    assert_eq!(
        learn(&mut drain, &["a a a", "b b b", "a a a", "c c c", "b b b"]),
        [0, 1, 0, 2, 3]
    );
    assert_eq!(drain.evicted(), 2);
    assert_eq!(drain.clusters().map(|cluster| cluster.id.0).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(texts(&drain), ["c c c", "b b b"]);
}

#[test]
fn bad_bytes_are_tokens_too() {
    let mut drain = drain(DrainConfig::default());
    assert_eq!(drain.learn(b"x \xff\xfe\0 y"), drain.learn(b"x \xff\xfe\0 z\r\n"));
    assert_eq!(texts(&drain), [r"x \xff\xfe\x00 <*>"]);
    let long = vec![b'x'; 10_000_000];
    assert_eq!(drain.learn(&long), drain.learn(&long));
}

#[test]
fn damaged_states_are_refused() {
    let mut drain = drain(DrainConfig {
        max_clusters: Some(5),
        ..DrainConfig::default()
    });
    learn(&mut drain, &["a b c", "a x y", "d e"]);
    let state = serde_json::to_string(&drain).unwrap();
    let table = [
        (
            r#""template":"a b c""#,
            r#""template":"a b \\x0""#,
            "broken template text",
        ),
        (r#""id":1"#, r#""id":0"#, "cluster 0 of"),
        (r#""path":"a""#, r#""path":"a b""#, "cluster 0 of"),
        (r#""count":1"#, r#""count":0"#, "cluster 0 of"),
        (r#""next_id":3"#, r#""next_id":2"#, "cluster 2 of"),
        (r#""recency":[0,1,2]"#, r#""recency":[0,1,1]"#, "order of use"),
        (r#""depth":4"#, r#""depth":2"#, "depth: 2 is less than 3"),
        (r#""evicted""#, r#""avoided""#, "unknown field"),
    ];
    for (good, bad, fact) in table {
        assert!(state.contains(good), "{good} in {state}");
        let error = serde_json::from_str::<Drain>(&state.replacen(good, bad, 1))
            .unwrap_err()
            .to_string();
        assert!(error.contains(fact), "{bad}: {error}");
    }
}

fn contents() -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(vec!["a", "b", "c", "d", "1", "e2", "<*>", "f=g", r"\x", "ü"]);
    let content = prop::collection::vec(word, 0..6).prop_map(|words| words.join(" "));
    prop::collection::vec(content, 0..40)
}

fn tight() -> impl Strategy<Value = DrainConfig> {
    (3..7usize, 1..5usize, prop::option::of(1..8usize), 0..=4u8).prop_map(
        |(depth, max_children, max_clusters, quarters)| {
            let similarity = f64::from(quarters) / 4.0;
            DrainConfig {
                depth,
                max_children,
                max_clusters,
                similarity,
                masks: vec!["2".into()],
                ..DrainConfig::default()
            }
        },
    )
}

/// What [`Drain::find`] must find, by a look at every cluster.
fn most_similar(drain: &Drain, content: &str) -> Option<ClusterId> {
    let ids: Vec<u32> = content
        .split(' ')
        .map(|token| drain.vocabulary.lookup(token.as_bytes()))
        .collect();
    let leaf = drain.tree.find(&ids, drain.shape)?;
    let oldest_last = drain.by_age().into_iter().rev().filter(|cluster| cluster.leaf == leaf);
    let best = oldest_last.max_by_key(|cluster| likeness(&cluster.tokens, &ids))?;
    let equal = likeness(&best.tokens, &ids).equal;
    (equal as f64 / ids.len() as f64 >= drain.config.similarity).then_some(best.id)
}

proptest! {
    #[test]
    fn large_leaves_are_searched_exactly(
        similarity in prop::sample::select(vec![0.0, 0.2, 0.4, 0.5, 0.7, 0.75, 1.0]),
        max_clusters in prop::option::of(1..60usize),
        contents in prop::collection::vec("([a-c]|[d-z]|[d-z][d-z])( ([a-c]|[d-z]|[d-z][d-z])){4}", 100..400),
    ) {
        let mut drain = drain(DrainConfig { depth: 3, similarity, max_clusters, ..DrainConfig::default() });
        for content in &contents {
            let expected = most_similar(&drain, content);
            let next = ClusterId(drain.next_id);
            prop_assert_eq!(drain.learn(content.as_bytes()), expected.unwrap_or(next), "{}", content);
        }
        let large = drain.tree.clusters(drain.tree.find(&[UNKNOWN; 5], drain.shape).unwrap()).len() > LARGE_LEAF;
        let indexed = drain.by_age().iter().flat_map(|cluster| &cluster.tokens).filter(|&&id| id != WILDCARD).count();
        prop_assert_eq!(drain.large_leaves.len(), if large { indexed } else { 0 });
    }

    #[test]
    fn a_reloaded_parser_goes_on_as_if_nothing_had_been(config in tight(), before in contents(), after in contents()) {
        let mut drain = drain(config);
        before.iter().for_each(|content| { drain.learn(content.as_bytes()); });
        let state = serde_json::to_string(&drain).unwrap();
        let mut reloaded: Drain = serde_json::from_str(&state).unwrap();
        prop_assert_eq!(serde_json::to_string(&reloaded).unwrap(), state);
        for content in &after {
            prop_assert_eq!(reloaded.learn(content.as_bytes()), drain.learn(content.as_bytes()));
        }
        prop_assert_eq!(serde_json::to_string(&reloaded).unwrap(), serde_json::to_string(&drain).unwrap());
    }

    #[test]
    fn only_tokens_in_use_are_remembered(config in tight(), contents in contents()) {
        let mut drain = drain(config);
        contents.iter().for_each(|content| { drain.learn(content.as_bytes()); });
        let mut used: Vec<u32> = drain.by_age().iter().flat_map(|cluster| {
            let mut path = drain.tree.path(cluster.leaf);
            path.remove(0);
            cluster.tokens.iter().copied().chain(path)
        }).collect();
        used.sort_unstable();
        for token in contents.iter().flat_map(|content| content.split(' ')) {
            let id = drain.vocabulary.lookup(token.as_bytes());
            prop_assert!(id == WILDCARD || id == UNKNOWN || used.binary_search(&id).is_ok(), "{token} is kept");
        }
        prop_assert!(drain.config.max_clusters.is_none_or(|most| drain.by_age().len() <= most));
        prop_assert_eq!(drain.next_id, drain.evicted + drain.by_age().len() as u64);
    }
}
