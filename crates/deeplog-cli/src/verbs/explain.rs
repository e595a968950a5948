//! `deeplog explain`: one session, key by key.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use deeplog::{Error, Model};
use detection::Verdict;
use evaluation::{Explanation, Texts, explanation_text};
use sequence_windowing::{KeyName, Session};

use super::common::{JudgeArgs, texts_of};
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    judge: JudgeArgs,
    /// Identifier of the session [default: the most anomalous one]
    #[arg(long, value_name = "ID")]
    session: Option<String>,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let (model, files) = args.judge.open(console)?;
    let mut found: Option<(Session<KeyName>, Verdict)> = None;
    model.detect(&files, console, &mut |session, verdict| {
        let better = match &args.session {
            Some(id) => *session.id == **id,
            None => found.as_ref().is_none_or(|(_, best)| verdict.score > best.score),
        };
        if better {
            found = Some((
                session.map_keys(|key| model.vocabulary.name_of(key).clone()),
                verdict.clone(),
            ));
        }
        Ok(())
    })?;
    let (session, verdict) = found.ok_or_else(|| {
        let id = args.session.unwrap_or_default();
        Error::run(
            format!("no session is called {id:?}"),
            "`deeplog detect --format csv` lists the sessions of an input",
        )
    })?;
    let events = session.events;
    let is_log = model.artefact.description.parser.is_some();
    let numbers = events.iter().filter(|_| is_log).map(|event| event.line).collect();
    let lines = texts_of(&model, &files, &numbers)?;
    let texts = Looked { model: &model, lines };
    let explanation = Explanation::of(&verdict, &events, None, &texts);
    let text = explanation_text(&explanation, Console::width(), Console::colours());
    writeln!(anstream::stdout(), "{}", text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

struct Looked<'m> {
    model: &'m Model,
    lines: BTreeMap<u64, String>,
}

impl Texts for Looked<'_> {
    fn template(&self, key: &KeyName) -> Option<String> {
        self.model.artefact.description.templates.get(key).cloned()
    }

    fn line(&self, number: u64) -> Option<String> {
        self.lines.get(&number).cloned()
    }
}
