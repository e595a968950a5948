//! The actions that change the edits of a state.

use std::io::Write;
use std::path::{Path, PathBuf};

use deeplog::{Error, ParserState, edit_state, find_template, read_templates, split_by_log};
use drain_parser::{Edit, Edits, FrozenParser, TemplateId};
use evaluation::visible;

use super::expand_all;
use crate::console::Console;

#[derive(clap::Args)]
pub(super) struct Rename {
    /// The parser state
    state: PathBuf,
    /// Its id, the first digits of it, or its name
    template: String,
    /// What it is to be called
    #[arg(allow_hyphen_values = true)]
    name: String,
}

#[derive(clap::Args)]
pub(super) struct Merge {
    /// The parser state
    state: PathBuf,
    /// Their ids, the first digits of them, or their names
    #[arg(required = true, num_args = 2..)]
    templates: Vec<String>,
    // Not a doc comment: its angle brackets would be HTML.
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        help = "Text of the merged template, with <*> for parameters; needed where they differ in length"
    )]
    into: Option<String>,
}

#[derive(clap::Args)]
pub(super) struct Split {
    /// The parser state
    state: PathBuf,
    /// Its id, the first digits of it, or its name
    template: String,
    // Not a doc comment: its angle brackets would be HTML.
    #[arg(long, value_name = "N", help = "Which <*> of the template, from 1")]
    place: usize,
    /// Logs to take the values from, best those that were learnt; may be repeated
    #[arg(long = "log", value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,
}

#[derive(clap::Args)]
pub(super) struct Pin {
    /// The parser state
    state: PathBuf,
    /// Its id, the first digits of it, or its name
    #[arg(required_unless_present = "text", conflicts_with = "text")]
    template: Option<String>,
    // Not a doc comment: its angle brackets would be HTML.
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        help = "Text of a template that need not be there, with <*> for parameters"
    )]
    text: Option<String>,
}

#[derive(clap::Args)]
pub(super) struct Unpin {
    /// The parser state
    state: PathBuf,
    /// Its id, the first digits of it, or its name
    template: String,
}

#[derive(clap::Args)]
pub(super) struct Import {
    /// The parser state
    state: PathBuf,
    /// A CSV with a column EventTemplate
    table: PathBuf,
}

#[derive(clap::Args)]
pub(super) struct List {
    /// The parser state
    state: PathBuf,
}

#[derive(clap::Args)]
pub(super) struct Undo {
    /// The parser state
    state: PathBuf,
    /// Number of the edit [default: the last one]
    edit: Option<usize>,
}

pub(super) fn rename(args: &Rename, console: &Console) -> anyhow::Result<()> {
    let parser = edit_state(&args.state, |edits, _, parser| {
        let template = parser.templates()[find_template(parser, &args.template)?].id;
        // The last name is the only one.
        edits.unname(template);
        edits.push(Edit::rename(template, &args.name)?);
        Ok(())
    })?;
    tell(console, &parser, find_template(&parser, &args.name).ok());
    Ok(())
}

pub(super) fn merge(args: &Merge, console: &Console) -> anyhow::Result<()> {
    let mut into = None;
    let parser = edit_state(&args.state, |edits, _, parser| {
        let templates = args.templates.iter().map(|meant| find_template(parser, meant));
        let edit = parser.merge(&templates.collect::<Result<Vec<_>, _>>()?, args.into.as_deref())?;
        if let Edit::Merge { into: text, .. } = &edit {
            into = Some(text.text());
        }
        edits.push(edit);
        Ok(())
    })?;
    tell(console, &parser, into.and_then(|text| by_text(&parser, &text)));
    Ok(())
}

pub(super) fn split(args: &Split, console: &mut Console) -> anyhow::Result<()> {
    let files = expand_all(&args.logs)?;
    let mut texts = Vec::new();
    let parser = edit_state(&args.state, |edits, state, parser| {
        let edit = split_by_log(state, parser, &args.template, args.place, &files, console)?;
        if let Edit::Split { parts, .. } = &edit {
            texts = parts.iter().map(|part| part.template.text()).collect();
        }
        edits.push(edit);
        Ok(())
    })?;
    for text in texts {
        tell(console, &parser, by_text(&parser, &text));
    }
    Ok(())
}

pub(super) fn pin(args: &Pin, console: &Console) -> anyhow::Result<()> {
    let mut pinned = String::new();
    let parser = edit_state(&args.state, |edits, _, parser| {
        if let Some(text) = &args.text {
            let template = parser.wording(text)?;
            pinned = template.text();
            edits.push(Edit::Pin {
                templates: vec![template],
            });
        } else if let Some(meant) = &args.template {
            let template = find_template(parser, meant)?;
            pinned.clone_from(&parser.templates()[template].text);
            parser.pin(template).into_iter().for_each(|edit| edits.push(edit));
        }
        Ok(())
    })?;
    tell(console, &parser, by_text(&parser, &pinned));
    Ok(())
}

pub(super) fn unpin(args: &Unpin, console: &Console) -> anyhow::Result<()> {
    let parser = edit_state(&args.state, |edits, _, parser| {
        let template = &parser.templates()[find_template(parser, &args.template)?];
        if edits.unpin(template.id) {
            Ok(())
        } else {
            Err(Error::run(
                format!("`{}` was not pinned by itself or by an import", template.text),
                "`deeplog templates edits` lists what was done, and `undo` takes any of it back",
            ))
        }
    })?;
    console.say(&format!("{} templates", parser.templates().len()));
    Ok(())
}

pub(super) fn import(args: &Import, console: &Console) -> anyhow::Result<()> {
    let mut found = None;
    let mut before = 0;
    let parser = edit_state(&args.state, |edits, _, parser| {
        before = parser.templates().len();
        let import = read_templates(&args.table, parser)?;
        edits.push(import.edit.clone());
        found = Some(import);
        Ok(())
    })?;
    if let Some(import) = found {
        console.say(&format!(
            "{} templates pinned, {} repeated, {} could not be read; {before} templates before, {} now",
            import.templates,
            import.repeated,
            import.unreadable.len(),
            parser.templates().len()
        ));
        for (row, why) in &import.unreadable {
            console.say(&format!("row {row}: {}", visible(why)));
        }
    }
    Ok(())
}

pub(super) fn list(args: &List) -> anyhow::Result<()> {
    let state = ParserState::read(&args.state)?;
    let (_, gone) = state.freeze();
    let mut out = anstream::stdout();
    for (index, edit) in state.edits.iter().enumerate() {
        writeln!(out, "{:>4}  {}", index + 1, visible(&told(edit)))?;
        for gone in gone.iter().filter(|gone| gone.edit == index) {
            writeln!(out, "      not learnt: {}", visible(&gone.template))?;
        }
    }
    Ok(())
}

pub(super) fn undo(args: &Undo, console: &Console) -> anyhow::Result<()> {
    let mut undone = String::new();
    let parser = edit_state(&args.state, |edits: &mut Edits, _, _| {
        let number = args.edit.unwrap_or(edits.len());
        let edit = number.checked_sub(1).and_then(|index| edits.remove(index));
        let edit = edit.ok_or_else(|| no_edit(&args.state, number, edits.len()))?;
        undone = told(&edit);
        Ok(())
    })?;
    console.say(&format!("taken back: {}", visible(&undone)));
    console.say(&format!("{} templates", parser.templates().len()));
    Ok(())
}

fn no_edit(state: &Path, number: usize, count: usize) -> Error {
    Error::run(
        format!(
            "{} has {count} edits, and none with the number {number}",
            state.display()
        ),
        "`deeplog templates edits` lists them, numbered",
    )
}

/// An edit in a line.
fn told(edit: &Edit) -> String {
    match edit {
        Edit::Rename { template, name } => format!("rename {template} to {name}"),
        Edit::Pin { templates } => match &templates[..] {
            [one] => format!("pin {one}"),
            several => format!("pin {} templates, imported", several.len()),
        },
        Edit::Merge { templates, into } => {
            let texts: Vec<String> = templates.iter().map(|template| format!("`{template}`")).collect();
            format!("merge {} into `{into}`", texts.join(", "))
        }
        Edit::Split { template, parts } => format!("split {template} into {} templates", parts.len()),
    }
}

fn by_text(parser: &FrozenParser, text: &str) -> Option<usize> {
    let id = TemplateId::of(text);
    parser.templates().iter().position(|template| template.id == id)
}

fn tell(console: &Console, parser: &FrozenParser, index: Option<usize>) {
    if let Some(template) = index.map(|index| &parser.templates()[index]) {
        let title = visible(&template.title());
        console.say(&format!("{} {} messages: {title}", template.id, template.count));
    }
}
