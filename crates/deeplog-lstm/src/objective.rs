//! What training makes small, and its gradient, in the way that suits a device.

use std::sync::Arc;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};
use lstm_kernel::Gradient;
use rayon::prelude::*;
use sequence_windowing::DistinctWindows;

use crate::batches::Batch;
use crate::dropout::Dropout;
use crate::fused::next_key_loss;
use crate::network::{Network, codes};
use crate::weights::Layout;
use crate::{Device, DeviceKind, ModelConfig};

/// The weighted sum of −ln p of the targets of a batch.
pub(crate) struct Objective {
    model: ModelConfig,
    layout: Layout,
    engine: Engine,
}

enum Engine {
    /// The fused kernel, on the processor.
    Kernel(Arc<Gradient>),
    /// burn's own layers on the processor.
    Parts(Device),
    /// burn's own layers where all windows are already. A step sends the numbers of its windows and their weights there, and
    /// waits for nothing.
    Card(Box<OnCard>),
}

struct OnCard {
    /// `[n, h]`.
    histories: Tensor<2, Int>,
    /// `[n, 1]`.
    targets: Tensor<2, Int>,
}

/// Parts of a batch that cores can share.
const PARTS: usize = 4;

impl Objective {
    pub(crate) fn new(model: &ModelConfig, train: &DistinctWindows, device: &Device) -> Self {
        let engine = match device.kind() {
            DeviceKind::Cpu => Engine::Kernel(Arc::new(Gradient::new(model.shape()))),
            DeviceKind::Ndarray => Engine::Parts(device.clone()),
            _ => Engine::Card(Box::new(OnCard {
                histories: codes(&train.histories, model.history, device.tensors()),
                targets: codes(&train.targets, 1, device.tensors()),
            })),
        };
        Self {
            model: model.clone(),
            layout: Layout::of(model),
            engine,
        }
    }

    /// Losses that are read at once, so that a device with a queue of its own is kept busy.
    pub(crate) fn losses_at_once(&self) -> usize {
        match self.engine {
            Engine::Card(..) => 32,
            _ => 1,
        }
    }

    /// Loss of a batch of `windows` and its gradient in all weights. `dropout` gives that of each part of the batch.
    pub(crate) fn of(
        &self,
        weights: &Tensor<1>,
        windows: &DistinctWindows,
        batch: &Batch,
        dropout: impl Fn(usize) -> Option<Dropout> + Sync,
    ) -> (Tensor<1>, Option<Tensor<1>>) {
        match &self.engine {
            Engine::Kernel(kernel) => {
                let batch = Arc::new(self.gathered(windows, batch, dropout(0)));
                derive(weights, |weights| next_key_loss(weights, batch, kernel.clone()))
            }
            Engine::Parts(device) => self.by_parts(weights, windows, batch, device, dropout),
            Engine::Card(windows) => derive(weights, |weights| {
                let OnCard { histories, targets } = &**windows;
                let rows: Vec<i32> = batch.rows.iter().map(|&row| row as i32).collect();
                let count = rows.len();
                let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &histories.device());
                let histories = histories.clone().select(0, rows.clone());
                let targets = targets.clone().select(0, rows);
                self.by_layers(&weights, histories, targets, &batch.weights, dropout(0))
            }),
        }
    }

    /// Cores share the work by parts of the batch, since the steps of burn's LSTM are too small to be shared. There are
    /// as many parts whatever the number of cores, and they are added up in order: the sum is always the same.
    fn by_parts(
        &self,
        weights: &Tensor<1>,
        windows: &DistinctWindows,
        batch: &Batch,
        device: &Device,
        dropout: impl Fn(usize) -> Option<Dropout> + Sync,
    ) -> (Tensor<1>, Option<Tensor<1>>) {
        let of_part = |(part, batch): (usize, Batch)| {
            let batch = self.gathered(windows, &batch, None);
            let histories = codes(&batch.histories, self.model.history, device.tensors());
            let targets = codes(&batch.targets, 1, device.tensors());
            derive(weights, |weights| {
                self.by_layers(&weights, histories, targets, &batch.weights, dropout(part))
            })
        };
        let parts: Vec<_> = batch.parts(PARTS).into_par_iter().enumerate().map(of_part).collect();
        let (losses, gradients): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let gradient = gradients.into_iter().flatten().reduce(|sum, part| sum + part);
        (Tensor::cat(losses, 0).sum(), gradient)
    }

    /// By burn's own layers, for histories `[n, h]` and targets `[n, 1]`.
    pub(crate) fn by_layers(
        &self,
        weights: &Tensor<1>,
        histories: Tensor<2, Int>,
        targets: Tensor<2, Int>,
        factors: &[f32],
        dropout: Option<Dropout>,
    ) -> Tensor<1> {
        let network = Network::new(&self.model, &self.layout, weights);
        let factors = TensorData::new(factors.to_vec(), [factors.len(), 1]);
        let factors = Tensor::<2>::from_data(factors, &histories.device());
        let log_probabilities = log_softmax(network.logits(histories, dropout), 1).gather(1, targets);
        (log_probabilities * factors).sum().neg()
    }

    /// A batch as the kernel takes it.
    pub(crate) fn gathered(
        &self,
        windows: &DistinctWindows,
        batch: &Batch,
        dropout: Option<Dropout>,
    ) -> lstm_kernel::Batch {
        let ModelConfig {
            history,
            hidden,
            layers,
            ..
        } = self.model;
        let rows = || batch.rows.iter().map(|&row| row as usize);
        let histories = rows().flat_map(|row| &windows.histories[row * history..(row + 1) * history]);
        let factors = (layers - 1) * history * batch.rows.len() * hidden;
        lstm_kernel::Batch {
            histories: histories.copied().collect(),
            targets: rows().map(|row| windows.targets[row]).collect(),
            weights: batch.weights.clone(),
            dropout: dropout.map(|mut dropout| dropout.factors(factors)).unwrap_or_default(),
        }
    }
}

/// A loss and its gradient in the weights.
pub(crate) fn derive(weights: &Tensor<1>, loss: impl FnOnce(Tensor<1>) -> Tensor<1>) -> (Tensor<1>, Option<Tensor<1>>) {
    let leaf = weights.clone().autodiff().require_grad();
    let loss = loss(leaf.clone());
    let gradient = leaf.grad_remove(&mut loss.backward());
    (loss.inner(), gradient)
}
