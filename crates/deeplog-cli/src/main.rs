//! The `deeplog` command: one file a verb.

mod console;
mod verbs;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use console::{Colour, Console};

/// Finds what went wrong in logs, without labels: learns the normal order of events and flags sessions that leave it,
/// with the reason.
#[derive(Parser)]
#[command(name = "deeplog", version, arg_required_else_help = true)]
struct Call {
    /// Say nothing but errors; results still go to standard output
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more, such as the losses after each epoch
    #[arg(long, short, global = true)]
    verbose: bool,
    /// When to use colours; NO_COLOR is heeded
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    color: Colour,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Look at an unknown log and write a dataset and an experiment for it
    Init(verbs::init::Args),
    /// Take a first look at unknown logs: one HTML page, and the same in short as text
    Explore(verbs::explore::Args),
    /// Write sessions as matrices: counts of event templates, TF-IDF, sequences; as CSV and Parquet
    Features(verbs::features::Args),
    /// Run an experiment: train, detect, evaluate, draw, report
    Run(verbs::run::Args),
    /// Show every mistake in an experiment or a service's configuration, field by field, and run nothing
    Check(verbs::check::Args),
    /// Train a model from an experiment's training data and write it to a file
    Train(verbs::train::Args),
    /// Judge logs or session files with a trained model
    Detect(verbs::detect::Args),
    /// Follow logs while they are written, and show each session that leaves the normal path
    Watch(verbs::watch::Args),
    /// Run the service: lines in over HTTP and syslog or from files; findings out as REST, events and a page
    Serve(verbs::serve::Args),
    /// Make, list and revoke the tokens of a service
    #[command(subcommand)]
    Token(verbs::token::Args),
    /// Show one session key by key: where it left the normal path and what was expected
    Explain(verbs::explain::Args),
    /// Show what is in a model file
    Inspect(verbs::inspect::Args),
    /// Make a model of weights from PyTorch
    Import(verbs::import::Args),
    /// Write a model's weights for PyTorch
    Export(verbs::export::Args),
    /// Draw the curves of one or several runs in one picture
    Plot(verbs::plot::Args),
    /// Compare two runs, or two detectors of one, on the same sessions: differences with their intervals
    Compare(verbs::compare::Args),
    /// Parse a log into event templates and parameters
    Parse(verbs::parse::Args),
    /// Look at event templates, edit them, compare them, match a log against them
    Templates(verbs::templates::Args),
    /// Write simulated, labelled logs
    Synth(verbs::synth::Args),
    /// Write result tables into a text, or print the schema of metrics.json
    Report(verbs::report::Args),
    /// Print completions for a shell
    Completions(verbs::completions::Args),
}

fn main() -> ExitCode {
    let call = Call::parse();
    let mut console = Console::new(call.quiet, call.verbose, call.color);
    let result = match call.verb {
        Verb::Init(args) => verbs::init::run(args, &mut console),
        Verb::Explore(args) => verbs::explore::run(args, &mut console),
        Verb::Features(args) => verbs::features::run(args, &mut console),
        Verb::Run(args) => verbs::run::run(args, &mut console),
        Verb::Check(args) => verbs::check::run(args),
        Verb::Train(args) => verbs::train::run(args, &mut console),
        Verb::Detect(args) => verbs::detect::run(args, &mut console),
        Verb::Watch(args) => verbs::watch::run(args, &mut console),
        Verb::Serve(args) => verbs::serve::run(args, call.quiet, call.verbose),
        Verb::Token(args) => verbs::token::run(args, &console),
        Verb::Explain(args) => verbs::explain::run(args, &mut console),
        Verb::Inspect(args) => verbs::inspect::run(args),
        Verb::Import(args) => verbs::import::run(&args, &mut console),
        Verb::Export(args) => verbs::export::run(&args, &console),
        Verb::Plot(args) => verbs::plot::run(args, &mut console),
        Verb::Compare(args) => verbs::compare::run(&args),
        Verb::Parse(args) => verbs::parse::run(args, &mut console),
        Verb::Templates(args) => verbs::templates::run(args, &mut console),
        Verb::Synth(args) => verbs::synth::run(args, &mut console),
        Verb::Report(args) => verbs::report::run(args),
        Verb::Completions(args) => verbs::completions::run::<Call>(args),
    };
    result.unwrap_or_else(|error| console.fail(&error))
}
