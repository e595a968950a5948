//! How long a live pipeline takes from a line to what it brings about, on one thread, with 100,000 open sessions.
//!
//! `cargo bench -p deeplog --bench latency` trains a model of the paper's size on a simulated log, opens the sessions with
//! another one, and shows the middle, the slow and the slowest of the lines that follow, in microseconds.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use deeplog::{Experiment, Model, Output, Pipeline, Unobserved};
use deeplog_lstm::{Device, DeviceKind};
use log_synthesis::{HdfsConfig, HdfsSimulator};

const OPEN: u32 = 100_000;
/// Lines after which as many sessions close as open.
const OPENING: u64 = 3_000_000;
const MEASURED: usize = 1_000_000;

/// Sessions close a simulated minute after their last line, and the log never pauses for longer within one.
const EXPERIMENT: &str = r#"
    name = "latency"
    preset = "paper"
    [data]
    kind = "synthetic"
    [data.synthetic]
    sessions = 4000
    anomalous = 0.03
    [dataset.header]
    format = "<Date> <Time> <Pid> <Level> <Component>: <Content>"
    [dataset.time]
    fields = ["Date", "Time"]
    format = "%y%m%d %H%M%S"
    [dataset.parser]
    method = "drain"
    masks = ['blk_-?\d+', '(\d+\.){3}\d+(:\d+)?']
    [dataset.session]
    by = "identifier"
    pattern = 'blk_-?\d+'
    idle = "61s"
    [training]
    epochs = 5
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let model = train(folder.path())?;
    let (profile, reader) = model.line_reader()?.ok_or("the model reads no logs")?;
    let mut pipeline = Pipeline::new(profile, reader, model.detector.clone())?;
    let mut simulator = HdfsSimulator::new(HdfsConfig {
        seed: 2,
        sessions: Some(u64::MAX),
        concurrent: OPEN,
        anomalous: 0.03,
        ..HdfsConfig::default()
    })?;
    let (mut line, mut outputs) = (Vec::new(), Vec::new());
    let (mut times, mut verdicts) = (Vec::with_capacity(MEASURED), 0);
    let mut read = 0;
    while times.len() < MEASURED {
        read += 1;
        line.clear();
        simulator.next_line(&mut line).ok_or("the log ends")?;
        let line = line.trim_ascii_end();
        let started = Instant::now();
        pipeline.push(line, &mut outputs);
        if read > OPENING {
            times.push(started.elapsed());
            verdicts += outputs
                .iter()
                .filter(|output| matches!(output, Output::Verdict { .. }))
                .count();
        }
        outputs.clear();
    }
    if pipeline.open_sessions() < OPEN as usize {
        return Err(format!("only {} sessions are open", pipeline.open_sessions()).into());
    }
    times.sort_unstable();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let at = |share: f64| micros(times[((MEASURED - 1) as f64 * share) as usize]);
    println!(
        "{MEASURED} lines, {verdicts} verdicts, {} sessions open: p50 {:.2} µs, p99 {:.2} µs, p99.9 {:.2} µs, max {:.0} µs",
        pipeline.open_sessions(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
    Ok(())
}

fn train(folder: &Path) -> Result<Model, Box<dyn Error>> {
    let device = Device::open(DeviceKind::Cpu)?;
    let experiment = Experiment::from_table(EXPERIMENT.parse()?, folder, "latency")?;
    let corpus = deeplog::read_corpus(&experiment, folder, &mut Unobserved)?;
    let training = deeplog::train(&experiment, &corpus, &device, folder, &mut Unobserved)?;
    let path = folder.join("model.deeplog");
    training.artefact.write(&path)?;
    Ok(Model::open(&path, &device)?)
}
