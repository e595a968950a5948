use std::path::Path;

use baselines::Rival;

use crate::{AnyExperiment, Error, Experiment, Intake, Override, Profile, Source};

fn problems(text: &str) -> Vec<(String, String)> {
    match Experiment::from_table(text.parse().unwrap(), Path::new("/data"), "test") {
        Ok(_) => Vec::new(),
        Err(Error::Config { problems, .. }) => problems.into_iter().map(|p| (p.field, p.fact)).collect(),
        Err(other) => panic!("{other}"),
    }
}

const VALID: &str = r#"
    name = "a"
    [data]
    kind = "divided"
    [data.train]
    normal = "train.txt"
"#;

#[test]
fn a_valid_experiment_has_no_problem() {
    assert_eq!(problems(VALID), []);
}

#[test]
fn every_mistake_is_told_at_once_with_its_field() {
    let text = format!(
        "{VALID}\n[model]\nhiden = 64\nlayers = 0\nhistory = \"ten\"\n[detection]\ntop_g = 9\nprobability = 0.5\n[evaluation]\nprevalence = 3"
    );
    let found = problems(&text);
    let fields: Vec<&str> = found.iter().map(|(field, _)| &**field).collect();
    assert_eq!(
        fields,
        [
            "model.history",
            "model.layers",
            "model.hiden",
            "detection.probability",
            "evaluation.prevalence"
        ]
    );
    assert!(found[2].1.contains("did you mean `hidden`"), "{}", found[2].1);
}

#[test]
fn mistakes_that_hide_others_are_still_told() {
    for (text, field) in [
        ("", "name"),
        ("name = \"../up\"", "name"),
        ("name = \"a\"", "data"),
        ("name = \"a\"\n[data]\n", "data.kind"),
        ("name = \"a\"\n[data]\nkind = \"cooked\"", "data.kind"),
        ("name = \"a\"\ndata = 3", "data"),
        ("name = \"a\"\n[data]\nkind = \"raw\"\nlog = \"x\"", "dataset"),
        (
            "name = \"a\"\n[data]\nkind = \"raw\"\nlog = \"x\"\n[dataset]\n",
            "dataset.session.by",
        ),
        (
            "name = \"a\"\n[data]\nkind = \"synthetic\"\n[dataset.session]\nby = \"count\"\nevents = 0",
            "data.synthetic",
        ),
        (
            "name = \"a\"\n[data]\nkind = \"synthetic\"\n[dataset.session]\nby = \"count\"\nevents = 0",
            "dataset.session.events",
        ),
        (
            "name = \"a\"\n[dataset.parser]\nmasks = ['(']\n",
            "dataset.parser.masks[0]",
        ),
    ] {
        let found = problems(text);
        assert!(found.iter().any(|(at, _)| at == field), "{text}: {found:?}");
    }
}

#[test]
fn overrides_reach_every_field_and_take_toml_or_text() {
    let mut table: toml::Table = VALID.parse().unwrap();
    let here = Path::new("/elsewhere");
    for text in [
        "model.hidden=32",
        "data.test.normal=sub/n.csv",
        "name=b",
        "training.learning_rate = 0.01",
    ] {
        Override::parse(text).unwrap().apply(&mut table, here).unwrap();
    }
    let experiment = Experiment::from_table(table, Path::new("/data"), "test").unwrap();
    assert_eq!((experiment.model.hidden, &*experiment.name), (32, "b"));
    assert_eq!(experiment.training.config.learning_rate, 0.01);
    let Source::Divided {
        train_normal,
        test_normal,
        ..
    } = experiment.data.source
    else {
        panic!()
    };
    assert!(train_normal.ends_with("train.txt") && !train_normal.starts_with(here));
    assert_eq!(
        test_normal.unwrap(),
        here.join("sub/n.csv"),
        "paths of the command line count from where one is"
    );
}

#[test]
fn overrides_that_are_none_are_refused() {
    for text in ["model.hidden", "=3", "model..hidden=3"] {
        assert!(matches!(Override::parse(text), Err(Error::Config { .. })), "{text}");
    }
    let mut table: toml::Table = VALID.parse().unwrap();
    let through_a_value = Override::parse("name.first=3")
        .unwrap()
        .apply(&mut table, Path::new("/"));
    assert!(
        through_a_value
            .unwrap_err()
            .to_string()
            .contains("`name` is not a table")
    );
    Override::parse("model.hidn=3")
        .unwrap()
        .apply(&mut table, Path::new("/"))
        .unwrap();
    assert!(
        Experiment::from_table(table, Path::new("/"), "test").is_err(),
        "an unknown field is an error"
    );
}

#[test]
fn every_dataset_and_experiment_that_is_shipped_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = |folder: &str| {
        let entries = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .collect::<Vec<_>>()
    };
    let experiments = files("experiments");
    assert!(experiments.len() >= 4);
    for path in experiments {
        if let Err(error) = AnyExperiment::read(&path, &[], &root) {
            panic!("{error}");
        }
    }
    let quickstart = root.join("experiments/quickstart.toml");
    let datasets = files("datasets");
    assert!(datasets.len() >= 10);
    for path in datasets {
        let set = Override::parse(&format!("dataset={}", path.canonicalize().unwrap().display())).unwrap();
        if let Err(error) = Experiment::read(&quickstart, &[set], &root) {
            panic!("{}: {error}", path.display());
        }
    }
}

#[test]
fn a_dataset_can_be_changed_where_it_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let experiment = Experiment::read(&root.join("experiments/hdfs-20000.toml"), &[], &root).unwrap();
    let profile = experiment.profile.unwrap();
    assert_eq!(profile.name, "HDFS_v1");
    assert_eq!(profile.limits.end_of_input, sequence_windowing::EndOfInput::Cut);
    let set = Override::parse("dataset.parser.similarity=0.7").unwrap();
    let experiment = Experiment::read(&root.join("experiments/hdfs-raw.toml"), &[set], &root).unwrap();
    let drain_parser::ParserConfig::Drain(parser) = experiment.profile.unwrap().parser else {
        panic!("the dataset asks for Drain")
    };
    assert_eq!(parser.similarity, 0.7);
}

#[test]
fn a_rule_set_on_the_command_line_takes_the_others_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |sets: &[&str]| {
        let sets: Vec<Override> = sets.iter().map(|text| Override::parse(text).unwrap()).collect();
        Experiment::read(&root.join("experiments/hdfs.toml"), &sets, &root).map(|experiment| experiment.detection.rule)
    };
    assert_eq!(
        read(&["detection.probability=0.01"]).unwrap(),
        detection::Rule::Probability(0.01)
    );
    assert_eq!(read(&["detection.top_g=3"]).unwrap(), detection::Rule::TopG(3));
    assert_eq!(read(&["detection.mass=0.99"]).unwrap(), detection::Rule::Mass(0.99));
    assert_eq!(
        read(&["detection.context_share=0.01"]).unwrap(),
        detection::Rule::ContextShare(0.01)
    );
    for two in [
        ["detection.top_g=3", "detection.probability=0.01"],
        ["detection.mass=0.9", "detection.probability=0.01"],
        ["detection.top_g=3", "detection.context_share=0.01"],
    ] {
        let error = read(&two).unwrap_err().to_string();
        assert!(error.contains("choose one rule"), "{error}");
    }
    for (wrong, told) in [
        ("detection.mass=1.0", "detection.mass: 1 is not between 0 and 1"),
        (
            "detection.context_share=0",
            "detection.context_share: 0 is not between 0 and 1",
        ),
        ("detection.top_g=0", "detection.top_g: 0 candidates"),
        ("training.validation=0.0", ""),
    ] {
        let error = read(&[wrong, "training.temperature=true"]).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn rivals_are_chosen_by_name_with_their_settings() {
    let read = |text: &str| {
        let table = format!("{VALID}\n{text}").parse().unwrap();
        Experiment::from_table(table, Path::new("/data"), "test")
            .unwrap()
            .baselines
    };
    let all = read("");
    assert!(
        all.len() >= 10 && all.iter().any(|rival| rival.label == "unseen key set"),
        "{all:?}"
    );
    let chosen = read(
        "[model]\nhistory = 7\n[[baselines]]\nname = \"pca\"\nvariance = 0.9\nfalse_alarms = 0.02\n[[baselines]]\nname = \"frequent_keys\"\nlabel = \"common\"",
    );
    assert_eq!(chosen[0].rival, Rival::Pca { variance: 0.9 });
    assert_eq!((&*chosen[0].label, chosen[0].false_alarms), ("PCA", 0.02));
    assert_eq!(chosen[1].rival, Rival::FrequentKeys { top_g: 9, history: 7 });
    assert_eq!(chosen[1].label, "common");
    let none = format!("baselines = []\n{VALID}").parse().unwrap();
    let none = Experiment::from_table(none, Path::new("/data"), "test").unwrap();
    assert_eq!(none.baselines, []);
}

#[test]
fn mistakes_in_rivals_are_told_with_their_place() {
    let pca = "[[baselines]]\nname = \"pca\"\n";
    for (text, field, fact) in [
        ("[[baselines]]\n".to_owned(), "baselines[0].name", "is missing"),
        (
            "[[baselines]]\nname = \"pac\"".to_owned(),
            "baselines[0].name",
            "did you mean `pca`?",
        ),
        (
            "[[baselines]]\nname = \"oracle\"".to_owned(),
            "baselines[0].name",
            "known are unseen_key",
        ),
        (
            format!("{pca}varience = 0.9"),
            "baselines[0].varience",
            "did you mean `variance`?",
        ),
        (format!("{pca}variance = 95"), "baselines[0].variance", "not a share"),
        (
            format!("{pca}false_alarms = 1.0"),
            "baselines[0].false_alarms",
            "not a share",
        ),
        (
            format!("{pca}label = \"deeplog\""),
            "baselines[0].label",
            "does not tell",
        ),
        (format!("{pca}{pca}"), "baselines[1].label", "`PCA` does not tell"),
        (
            "[[baselines]]\nname = \"unseen_ngram\"\nn = 0".to_owned(),
            "baselines[0].n",
            "outside 1",
        ),
        (
            "[[baselines]]\nname = \"unseen_key\"\nfalse_alarms = 0.1".to_owned(),
            "baselines[0].false_alarms",
            "unknown field",
        ),
        (
            "[baselines]\nname = \"pca\"".to_owned(),
            "baselines",
            "is not an array of tables",
        ),
    ] {
        let found = problems(&format!("{VALID}\n{text}"));
        let is_told = found.len() == 1 && found[0].0 == field && found[0].1.contains(fact);
        assert!(is_told, "{text}: {found:?}");
    }
    let found = problems(&format!("baselines = [3]\n{VALID}"));
    assert_eq!(found, [("baselines[0]".to_owned(), "3 is not a table".to_owned())]);
}

#[test]
fn stamps_are_in_the_zone_of_the_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.toml");
    let read = |zone: &str| {
        let text = format!(
            "header.format = '<Date> <Time> <Content>'\nsession = {{ by = 'count', events = 1 }}\n\
             [time]\nfields = ['Date', 'Time']\nformat = '%Y-%m-%d %H:%M'\n{zone}"
        );
        std::fs::write(&path, text).unwrap();
        Profile::read(&path)
    };
    for (zone, expected) in [
        ("", "2024-07-01T12:00:00Z"),
        ("zone = '-02:00'", "2024-07-01T14:00:00Z"),
        ("zone = 'Europe/Berlin'", "2024-07-01T10:00:00Z"),
    ] {
        let profile = read(zone).unwrap();
        let mut unescaped = drain_parser::Unescaped::default();
        let mut intake = Intake::new(&profile, profile.header.fields()).unwrap();
        let header = profile
            .header
            .split(b"2024-07-01 12:00 started", &mut unescaped)
            .unwrap();
        let (time, _) = intake.place(&header);
        assert_eq!(
            crate::parse::rfc3339(time.unwrap()).as_deref(),
            Some(expected),
            "{zone}"
        );
    }
    let told = read("zone = 'CEST'").unwrap_err().to_string();
    assert!(
        told.contains("time.zone: \"CEST\" does not fit") && told.contains("Europe/Berlin"),
        "{told}"
    );
}
