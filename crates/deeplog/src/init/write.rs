//! The findings as a dataset and an experiment that run as they are.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use sequence_windowing::SessionRule;
use toml::Value;

use super::guess::HeaderGuess;
use super::stream::SessionGuess;
use super::{Finding, Survey};
use crate::error::{Error, Result};
use crate::output::{create_folder, write_atomically};

/// The text of the dataset TOML.
pub(super) fn dataset(
    name: &str,
    log: &Path,
    header: &HeaderGuess,
    session: &SessionGuess,
    findings: &[Finding],
) -> String {
    let mut text = format!(
        "# What `deeplog init` found in {}. Correct what is wrong.\nname = {}\n\n",
        comment(&log.display().to_string()),
        quoted(name)
    );
    let why = |subject: &str| {
        let found = findings.iter().find(|finding| finding.subject == subject);
        found
            .map(|found| format!("# {} ({}% sure)\n", comment(&found.reason), found.confidence))
            .unwrap_or_default()
    };
    let mut line = |section: &str| {
        text.push_str(section);
        text.push('\n');
    };
    line(&format!(
        "[header]\n{}format = {}\n",
        why("header"),
        quoted(header.format.source())
    ));
    if let Some(stamp) = &header.stamp {
        let fields: Vec<String> = stamp.fields.iter().map(|field| quoted(field)).collect();
        line(&format!(
            "[time]\n{}fields = [{}]\nformat = {}",
            why("time stamp"),
            fields.join(", "),
            quoted(&stamp.format)
        ));
        if !["%Y", "%y", "%s"].iter().any(|year| stamp.format.contains(year)) {
            line("# The stamps name no year; set that of the first line.\n# year = 2026");
        }
        line("");
    }
    line(
        "[parser]\n# Finds templates without settings; `deeplog templates` edits them.\nmethod = \"auto\"\n# Regexes for parameters it does not know.\nmasks = []\n",
    );
    line(&format!("[session]\n{}{}", why("session"), rule(&session.rule)));
    if let Some(idle) = session.limits.idle {
        line(&format!(
            "# A session that is quiet for longer closes.\nidle = {}",
            quoted(&idle.to_string())
        ));
    }
    line("# \"complete\" if the log ends when everything in it has ended.\nend_of_input = \"cut\"");
    text
}

/// The text of the experiment TOML, for a log with so many messages looked at.
pub(super) fn experiment(name: &str, log: &Path, messages: usize) -> String {
    let mut text = format!(
        "# Written by `deeplog init`; run it with `deeplog run {name}.toml`.\n\
         name = {}\n\
         description = \"The first half of the log trains, the second half is judged\"\n\
         dataset = {}\n\
         seed = 1\n\n\
         [data]\n\
         kind = \"raw\"\n\
         log = {}\n\
         # With labels, figures for precision and recall: a CSV of session and label.\n\
         # labels = \"labels.csv\"\n\n\
         [data.split]\n\
         # The past trains, the future is judged. What trains should be normal.\n\
         method = \"chronological\"\n\
         train = 0.5\n\n",
        quoted(name),
        quoted(&format!("{name}.dataset.toml")),
        quoted(&log.display().to_string())
    );
    // A small log has few steps an epoch, as each distinct window is learnt once in it, and its few validation sessions make
    // a jumpy loss.
    let (epochs, patience) = if messages < 200_000 { (300, 30) } else { (30, 5) };
    let _ = write!(
        text,
        "[model]\n\
         # Keys of history that the next one is predicted from.\n\
         history = 10\n\
         hidden = 64\n\
         layers = 2\n\n\
         [training]\n\
         epochs = {epochs}\n\
         # Stops when the loss on the latest tenth of the training sessions has not fallen for so many epochs.\n\
         patience = {patience}\n\
         validation = 0.1\n\n\
         [detection]\n\
         # A next key that is less probable than this is a finding. Higher: more findings. The paper's rule is\n\
         # `top_g = 9` in its place: a finding is what is not among the nine likeliest.\n\
         probability = 0.001\n\
         # Or say how many false alarms you can stand, as a share of the sessions or as \"5/day\", in place of both (delete the line above). Then order,\n\
         # counts and delays are looked at too. It takes five trainings, and for 1% a hundred sessions to learn from.\n\
         # detector = \"combined\"\n\
         # alerts = \"1%\"\n"
    );
    text
}

/// Writes both files.
pub(super) fn files(survey: &Survey, folder: &Path, force: bool) -> Result<[PathBuf; 2]> {
    let paths = ["dataset.toml", "toml"].map(|ending| folder.join(format!("{}.{ending}", survey.name)));
    if let Some(there) = paths.iter().find(|path| !force && path.exists()) {
        let fact = format!("{} is there already", there.display());
        return Err(Error::run(
            fact,
            "overwrite it with `--force`, or choose another `--name` or `--out`",
        ));
    }
    create_folder(folder)?;
    for (path, text) in paths.iter().zip([&survey.dataset, &survey.experiment]) {
        write_atomically(path, |out| io::Write::write_all(out, text.as_bytes()))?;
    }
    Ok(paths)
}

/// A rule for people.
pub(crate) fn rule_in_words(rule: &SessionRule) -> String {
    let per = |field: &Option<String>| {
        field
            .as_ref()
            .map(|field| format!(" per <{field}>"))
            .unwrap_or_default()
    };
    match rule {
        SessionRule::Identifier { pattern } => format!("identifier {pattern}"),
        SessionRule::Stream { field } => format!("a stream per <{field}>"),
        SessionRule::Time { length, field, .. } => format!("windows of {length}{}", per(field)),
        SessionRule::Count { events, field, .. } => format!("windows of {events} lines{}", per(field)),
    }
}

fn rule(rule: &SessionRule) -> String {
    let field = |field: &Option<String>| {
        field
            .as_ref()
            .map(|field| format!("\nfield = {}", quoted(field)))
            .unwrap_or_default()
    };
    match rule {
        SessionRule::Identifier { pattern } => format!("by = \"identifier\"\npattern = {}", quoted(pattern)),
        SessionRule::Stream { field } => format!("by = \"stream\"\nfield = {}", quoted(field)),
        SessionRule::Time {
            length, field: name, ..
        } => {
            format!("by = \"time\"\nlength = {}{}", quoted(&length.to_string()), field(name))
        }
        SessionRule::Count {
            events, field: name, ..
        } => format!("by = \"count\"\nevents = {events}{}", field(name)),
    }
}

/// A TOML string; a literal one where regexes would drown in backslashes.
fn quoted(text: &str) -> String {
    let is_plain = text
        .chars()
        .all(|character| !character.is_control() && character != '\'');
    if is_plain && text.contains('\\') {
        format!("'{text}'")
    } else {
        Value::from(text).to_string()
    }
}

/// Text that may stand in a comment, whatever it holds.
fn comment(text: &str) -> String {
    evaluation::visible(text)
}
