//! The same model from burn's own layers, on its flex backend and with one-hot input, as one would write it without
//! this crate.

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig, Lstm, LstmConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use sequence_windowing::Alphabet;

use crate::{HISTORY, LAYERS, Windows, Work};

#[derive(Module, Debug)]
struct Layers {
    lstm: Vec<Lstm>,
    output: Linear,
}

impl Layers {
    fn new(symbols: usize, hidden: usize, device: &Device) -> Self {
        let layer = |index| {
            let width = if index == 0 { symbols } else { hidden };
            LstmConfig::new(width, hidden, true)
                .with_batch_first(false)
                .init(device)
        };
        Self {
            lstm: (0..LAYERS).map(layer).collect(),
            output: LinearConfig::new(hidden, symbols).init(device),
        }
    }

    /// Logits `[n, symbols]` of histories `[HISTORY × n]`.
    fn logits(&self, one_hot: &Tensor<2>, histories: &Tensor<1, Int>) -> Tensor<2> {
        let ([count], [symbols, _]) = (histories.dims(), one_hot.dims());
        let mut sequence: Tensor<3> =
            one_hot
                .clone()
                .select(0, histories.clone())
                .reshape([HISTORY, count / HISTORY, symbols]);
        let mut last = None;
        for layer in &self.lstm {
            let (outputs, state) = layer.forward(sequence, None);
            (sequence, last) = (outputs, Some(state.hidden));
        }
        let last = last.unwrap_or_else(|| sequence.squeeze_dim(0));
        self.output.forward(last)
    }
}

/// Histories time first, and targets.
type Batch = (Tensor<1, Int>, Tensor<1, Int>);

fn tensors(windows: &Windows, device: &Device) -> Vec<Batch> {
    let tensor = |codes: Vec<i32>| Tensor::from_data(TensorData::new(codes.clone(), [codes.len()]), device);
    let of_batch = |(histories, targets): (&[u32], &[u32])| {
        let steps = (0..HISTORY).flat_map(|step| histories[step..].iter().step_by(HISTORY));
        let targets = targets.iter().map(|&code| code as i32);
        (
            tensor(steps.map(|&code| code as i32).collect()),
            tensor(targets.collect()),
        )
    };
    windows.batches().map(of_batch).collect()
}

/// A step a call.
pub(crate) fn training(alphabet: Alphabet, hidden: usize, windows: &Windows) -> Work {
    let device = Device::flex().autodiff();
    let symbols = alphabet.symbols() as usize;
    let one_hot = Tensor::eye(symbols, &device);
    let mut layers = Layers::new(symbols, hidden, &device);
    let mut adam = AdamConfig::new().init();
    let loss = CrossEntropyLossConfig::new().init(&device);
    let mut batches = tensors(windows, &device).into_iter().cycle();
    Box::new(move || {
        let (histories, targets) = batches.next().ok_or("there is no batch")?;
        let loss = loss.forward(layers.logits(&one_hot, &histories), targets.clone());
        let gradients = GradientsParams::from_grads(loss.backward(), &layers);
        layers = adam.step(1e-3, layers.clone(), gradients);
        Ok(targets.dims()[0] as u64)
    })
}

/// A batch a call.
pub(crate) fn scoring(alphabet: Alphabet, hidden: usize, windows: &Windows) -> Work {
    let device = Device::flex();
    let symbols = alphabet.symbols() as usize;
    let one_hot = Tensor::eye(symbols, &device);
    let layers = Layers::new(symbols, hidden, &device);
    let mut batches = tensors(windows, &device).into_iter().cycle();
    Box::new(move || {
        let (histories, targets) = batches.next().ok_or("there is no batch")?;
        let count = targets.dims()[0];
        let logits = layers.logits(&one_hot, &histories);
        let targets = targets.reshape([count, 1]);
        let own = logits.clone().gather(1, targets.clone());
        let above = logits.clone().greater(own.expand([count, symbols])).int().sum_dim(1);
        let probabilities = log_softmax(logits, 1).gather(1, targets).exp();
        let (ranks, probabilities) = (above.into_data(), probabilities.into_data());
        Ok(ranks.num_elements().min(probabilities.num_elements()) as u64)
    })
}
