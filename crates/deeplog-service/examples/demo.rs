//! The service on a simulated log, with lines among it that are up to no good: to look at the page.
//!
//!     cargo run --release -p deeplog-service --example demo -- 7070

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deeplog::{Experiment, Result, Unobserved};
use deeplog_lstm::{Device, DeviceKind};
use deeplog_service::body::Decoding;
use deeplog_service::{
    Batch, Definition, Entrance, Input, Metrics, Origin, Publishing, Running, Service, Settings, Store, now, router,
};
use sequence_windowing::Timestamp;
use tokio::sync::watch;

const EXPERIMENT: &str = r#"
    name = "demo"
    [data]
    kind = "synthetic"
    [data.synthetic]
    sessions = 1000
    anomalous = 0.03
    seed = SEED
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
    [model]
    hidden = 16
    layers = 1
    [training]
    epochs = 6
"#;

/// What somebody might write who can write into the log.
const HOSTILE: [&str; 5] = [
    "<script>document.title = 'taken'</script>",
    "<img src=x onerror=\"document.title = 'taken'\">",
    "\u{1b}]0;taken\u{7}\u{1b}[2J\u{1b}[31mred",
    "file \u{202e}gpj.exe\u{2066} and\u{200b} no\u{ad} more",
    "a very-long-word-without-a-single-break/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// Minutes that the log is spread over.
const MINUTES: usize = 60;

fn main() -> Result<()> {
    let port = std::env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .unwrap_or(7070);
    let folder = tempfile::tempdir().map_err(deeplog::Error::io("make a folder in", Path::new("/")))?;
    let state = folder.path();
    let (model, log) = trained(state)?;

    let store = Store::open(state, 100_000)?;
    let (reader, metrics) = (store.reader(), Arc::new(Metrics::new()));
    let sink = Publishing {
        store,
        metrics: metrics.clone(),
    };
    let running = Running::start(Settings::default(), Box::new(sink))?;
    let definition = Definition {
        model: running.models.keep(&model)?,
        dataset: None,
        alerts: None,
    };
    running.define(&BTreeMap::from([(Arc::from("hdfs"), definition)]))?;
    let input = Input {
        source: "hdfs".into(),
        decoding: Decoding::default(),
    };
    let (_inputs, inputs) = watch::channel(vec![input]);
    let router = router(Service {
        entrance: running.entrance.clone(),
        engine: running.engine.clone(),
        store: reader,
        published: running.stored.clone(),
        health: running.health.clone(),
        metrics,
        inputs,
        body_limit: 16 << 20,
    });
    let entrance = running.entrance.clone();
    std::thread::spawn(move || push(&entrance, &log));
    let serve = async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        axum::serve(listener, router).await
    };
    let runtime = tokio::runtime::Runtime::new();
    runtime
        .and_then(|runtime| runtime.block_on(serve))
        .map_err(deeplog::Error::io("listen at", Path::new("127.0.0.1")))
}

/// A model, and a log that it has not seen.
fn trained(folder: &Path) -> Result<(std::path::PathBuf, Vec<u8>)> {
    let device = Device::open(DeviceKind::Cpu).map_err(|error| deeplog::Error::run(error.to_string(), ""))?;
    let read = |seed: &str| {
        let place = folder.join(seed);
        deeplog::create_folder(&place)?;
        let table = EXPERIMENT.replace("SEED", seed).parse().unwrap_or_default();
        let experiment = Experiment::from_table(table, &place, "demo")?;
        let corpus = deeplog::read_corpus(&experiment, &place, &mut Unobserved)?;
        Ok::<_, deeplog::Error>((experiment, corpus, place.join("HDFS.log")))
    };
    let (experiment, corpus, _) = read("1")?;
    let model = folder.join("model.deeplog");
    let training = deeplog::train(&experiment, &corpus, &device, folder, &mut Unobserved)?;
    training.artefact.write(&model)?;
    let (_, _, log) = read("2")?;
    let lines = std::fs::read(&log).map_err(deeplog::Error::io("read", &log))?;
    Ok((model, lines))
}

/// The log as if it had come over the last hour, and then again its last part, bit by bit.
fn push(entrance: &Entrance, log: &[u8]) {
    let lines: Vec<&[u8]> = log.split_inclusive(|&byte| byte == b'\n').collect();
    let now_and_then = lines.len() / (MINUTES + MINUTES / 2);
    for (minute, block) in lines.chunks(now_and_then).enumerate() {
        let mut block = block.concat();
        if let Some(hostile) = HOSTILE.get(minute.wrapping_sub(MINUTES - HOSTILE.len())) {
            let header = String::from_utf8_lossy(&block[..18]).into_owned();
            block.extend(format!("{header} INFO dfs.X: {hostile} blk_-666{minute}\n").into_bytes());
        }
        let ago = MINUTES.saturating_sub(minute + 1) as i64;
        if ago == 0 {
            std::thread::sleep(Duration::from_secs(2));
        }
        let batch = Batch {
            source: "hdfs".into(),
            origin: Origin::Pushed(None),
            received: Timestamp(now().0 - ago * 60_000_000),
            block,
        };
        if entrance.give(batch).is_err() {
            return;
        }
    }
}
