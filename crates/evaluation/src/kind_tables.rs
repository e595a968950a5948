//! What is found by kind of fault, as rows of text: a row a detector, a column a kind.

use std::collections::{BTreeMap, BTreeSet};

use crate::number::{count, rate, share};
use crate::table::main_name;
use crate::{KindFigures, Metrics, visible};

/// What the tables mean, for reports.
pub(crate) const KIND_NOTE: &str = "A session with a fault is found if it is flagged, wherever. The delay counts events from the \
     fault to the first finding at it or behind it; a detector that judges whole sessions has none.";

/// A heading, and the table under it with its head as the first row.
pub(crate) struct KindTable {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Vec<String>>,
}

/// The tables of recall, delay and false positions; none where no fault is known by kind.
pub(crate) fn kind_tables(metrics: &Metrics) -> Vec<KindTable> {
    let recall = |figures: &KindFigures| rate(figures.recall);
    let delay = |figures: &KindFigures| match (figures.median_delay, figures.largest_delay) {
        (Some(median), Some(largest)) => format!("{median} (≤ {largest})"),
        _ => "–".to_owned(),
    };
    let early = |figures: &KindFigures| match figures.sessions {
        0 => "–".to_owned(),
        sessions => share(figures.early as f64 / sessions as f64),
    };
    if metrics.by_kind.is_empty() {
        return Vec::new();
    }
    let mut tables = vec![KindTable {
        title: "Recall by kind of fault",
        rows: with_false_alarms(metrics, table(metrics, recall)),
    }];
    let has_positions = metrics.by_kind.values().flat_map(BTreeMap::values);
    if has_positions.clone().any(|figures| figures.placed + figures.early > 0) {
        tables.push(KindTable {
            title: "Events from the fault to the finding, median (and most)",
            rows: table(metrics, delay),
        });
        tables.push(KindTable {
            title: "First finding before the fault, where nothing is wrong",
            rows: table(metrics, early),
        });
    }
    tables
}

/// For terminals: a row a kind, with what the detector finds beside the best rival; none where no fault is known by kind.
pub(crate) fn kinds_at_a_glance(metrics: &Metrics) -> Option<Vec<Vec<String>>> {
    let is_rival = |name: &String| metrics.baselines.contains_key(name);
    let (name, ours) = metrics.by_kind.iter().find(|(name, _)| !is_rival(name))?;
    let head = ["", "sessions", name, "median delay", "best rival", ""];
    let mut rows = vec![
        head.map(str::to_owned).to_vec(),
        vec!["recall by kind of fault".to_owned()],
    ];
    for (kind, figures) in ours {
        let rivals = metrics.by_kind.iter().filter(|(name, _)| is_rival(name));
        let rivals = rivals.filter_map(|(name, kinds)| Some((name, kinds.get(kind)?.recall?)));
        // The first of equal ones, so that their order decides nothing else.
        let best = rivals.reduce(|best, rival| if rival.1 > best.1 { rival } else { best });
        let delay = figures.median_delay;
        rows.push(vec![
            format!("  {}", visible(&kind.replace('_', " "))),
            count(figures.sessions),
            rate(figures.recall),
            delay.map_or_else(|| "–".to_owned(), |events| events.to_string()),
            rate(best.map(|(_, recall)| recall)),
            best.map_or_else(String::new, |(name, _)| visible(name)),
        ]);
    }
    Some(rows)
}

/// Our detector, then the rivals.
fn detectors(metrics: &Metrics) -> impl Iterator<Item = (&String, &BTreeMap<String, KindFigures>)> {
    let is_rival = |(name, _): &(&String, _)| metrics.baselines.contains_key(*name);
    let (rivals, ours): (Vec<_>, Vec<_>) = metrics.by_kind.iter().partition(is_rival);
    ours.into_iter().chain(rivals)
}

fn with_false_alarms(metrics: &Metrics, mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let alarms = detectors(metrics).map(|(name, _)| {
        let rival = metrics.baselines.get(name).map(|rival| &rival.test);
        rate(rival.unwrap_or(&metrics.detector.test).rates.false_alarm_rate)
    });
    let column = std::iter::once("false alarms".to_owned()).chain(alarms);
    rows.iter_mut().zip(column).for_each(|(row, cell)| row.push(cell));
    rows
}

fn table(metrics: &Metrics, cell: impl Fn(&KindFigures) -> String) -> Vec<Vec<String>> {
    let kinds: BTreeSet<&String> = metrics.by_kind.values().flat_map(BTreeMap::keys).collect();
    let head = |kind: &&String| {
        let figures = metrics.by_kind.values().find_map(|kinds| kinds.get(*kind));
        let sessions = figures.map_or(0, |figures| figures.sessions);
        format!("{} ({})", visible(&kind.replace('_', " ")), count(sessions))
    };
    let row = |(name, figures): (&String, &BTreeMap<String, KindFigures>)| {
        let name = match metrics.baselines.contains_key(name) {
            true => visible(name),
            false => main_name(metrics),
        };
        let cells = kinds
            .iter()
            .map(|kind| figures.get(*kind).map_or_else(|| "–".to_owned(), &cell));
        std::iter::once(name).chain(cells).collect()
    };
    let head = std::iter::once("detector".to_owned())
        .chain(kinds.iter().map(head))
        .collect();
    std::iter::once(head).chain(detectors(metrics).map(row)).collect()
}
