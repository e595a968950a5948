//! The fused kernel as an operation of burn: weights and windows in, loss out, with a backward pass of its own.
//!
//! The operation goes as far as the loss, not only to the logits: so the gradient of a block of windows is computed
//! while all in between is still in the cache, and nothing but the gradient of the weights is kept for the backward pass, which
//! has only to scale it.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Tensor, TensorData};
use burn_flex::FlexTensor;
use lstm_kernel::{Batch, Gradient};

/// What the flex backend can do besides.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait FusedLoss: Backend {
    /// `Σ weight × −ln p(target)` of a batch, `[1]`, for all weights of a model, `[n]`.
    fn next_key_loss(weights: FloatTensor<Self>, batch: Arc<Batch>, kernel: Arc<Gradient>) -> FloatTensor<Self>;
}

/// The loss of a batch as a tensor that can be derived by `weights`. They must be on the cpu device.
pub(crate) fn next_key_loss(weights: Tensor<1>, batch: Arc<Batch>, kernel: Arc<Gradient>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as FusedLoss>::next_key_loss(
        weights.into_dispatch(),
        batch,
        kernel,
    ))
}

/// Loss and gradient.
fn compute(weights: &FlexTensor, batch: &Batch, kernel: &Gradient) -> (FlexTensor, FlexTensor) {
    let weights = weights.to_contiguous();
    let (loss, gradient) = kernel.of(weights.as_slice().unwrap_or_default(), batch);
    let length = gradient.len();
    let tensor = |values: Vec<f32>, length: usize| FlexTensor::from_data(TensorData::new(values, [length]));
    (tensor(vec![loss as f32], 1), tensor(gradient, length))
}

impl FusedLoss for Flex {
    fn next_key_loss(weights: FlexTensor, batch: Arc<Batch>, kernel: Arc<Gradient>) -> FlexTensor {
        compute(&weights, &batch, &kernel).0
    }
}

impl<C: CheckpointStrategy> FusedLoss for Autodiff<Flex, C> {
    fn next_key_loss(weights: FloatTensor<Self>, batch: Arc<Batch>, kernel: Arc<Gradient>) -> FloatTensor<Self> {
        let (loss, gradient) = compute(weights.primitive(), &batch, &kernel);
        match Scale.prepare::<C>([weights.node()]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(gradient, loss),
            OpsKind::UnTracked(step) => step.finish(loss),
        }
    }
}

/// The gradient of the weights is that of the loss times the one that was computed with it.
#[derive(Debug)]
struct Scale;

impl Backward<Flex, 1> for Scale {
    type State = FlexTensor;

    fn backward(self, ops: Ops<FlexTensor, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [weights] = ops.parents;
        let of_loss = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let factor = of_loss.as_slice::<f32>().and_then(|values| values.first().copied());
        let mut gradient = ops.state;
        if let Some(factor) = factor.filter(|&factor| factor != 1.0) {
            gradient
                .storage_mut::<f32>()
                .iter_mut()
                .for_each(|value| *value *= factor);
        }
        if let Some(weights) = weights {
            gradients.register::<Flex>(weights.id, gradient);
        }
    }
}
