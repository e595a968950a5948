//! The calibrated detector and its parts.

mod detector;
mod evidence;
mod exchangeable;
mod parts;

use std::sync::Arc;

use deeplog_lstm::{Device, DeviceKind, Input, LstmModel, ModelConfig};
use sequence_windowing::{Alphabet, Event, Framing, KeyName, Session, SessionEnd, Timestamp, Vocabulary, Windowing};

use super::{Calibrated, Fitted};
use crate::{Part, TooFew};

const KEYS: u32 = 5;
const HISTORY: usize = 3;
const FOLDS: usize = 3;

fn windowing() -> Windowing {
    Windowing {
        alphabet: Alphabet { keys: KEYS },
        history: HISTORY,
        framing: Framing::BeginEnd,
    }
}

fn vocabulary() -> Arc<Vocabulary> {
    let names = (0..KEYS).map(|key| KeyName::from(key.to_string()));
    Arc::new(Vocabulary::from(names.collect::<Vec<_>>()))
}

/// A session of keys, each so many milliseconds after the one before, where it has a time at all. Keys from [`KEYS`] on are unseen.
fn session(events: &[(u8, Option<u32>)], end: SessionEnd) -> Session {
    let vocabulary = vocabulary();
    let mut now = 0;
    let event = |(i, &(key, after)): (usize, &(u8, Option<u32>))| {
        now += 1_000 * i64::from(after.unwrap_or(0));
        Event {
            key: vocabulary.key(&KeyName::from(key.to_string())),
            line: 10 + i as u64,
            time: after.map(|_| Timestamp(now)),
        }
    };
    Session {
        id: "s".into(),
        events: events.iter().enumerate().map(event).collect(),
        end,
        dropped_events: 0,
    }
}

fn timeless(keys: &[u8]) -> Session {
    let events: Vec<_> = keys.iter().map(|&key| (key, None)).collect();
    session(&events, SessionEnd::Explicit)
}

/// Random weights, of strong opinions.
fn model(seed: u64) -> LstmModel {
    let config = ModelConfig {
        alphabet: Alphabet { keys: KEYS },
        history: HISTORY,
        hidden: 6,
        layers: 1,
        input: Input::OneHot,
        dropout: 0.0,
    };
    LstmModel::new(config, &Device::open(DeviceKind::Cpu).unwrap(), seed).unwrap()
}

fn fitted(sessions: &[Session], models: &[LstmModel], parts: &[Part]) -> Fitted {
    let folds: Vec<usize> = (0..sessions.len()).map(|i| i % models.len()).collect();
    Fitted::fit(sessions, &folds, models, parts, &windowing())
}

fn detector(sessions: &[Session], parts: &[Part], budget: f64) -> Result<Calibrated, TooFew> {
    let models: Vec<LstmModel> = (0..FOLDS as u64).map(model).collect();
    let fitted = fitted(sessions, &models, parts);
    Calibrated::new(models, vocabulary(), windowing(), fitted, budget)
}
