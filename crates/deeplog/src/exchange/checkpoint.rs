//! Files of weights: the tensors of the one model in them, as 32-bit numbers.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use deeplog_lstm::NamedTensor;
use half::{bf16, f16};
use pytorch_reader::{DType, PickleValue, PytorchError, PytorchReader, Tensor};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::error::{Error, Result, lower_first};

/// Reads safetensors, or what `torch.save` wrote. Of a checkpoint, which holds an optimiser's tensors too, the part with the
/// model is read.
pub(super) fn read(path: &Path) -> Result<Vec<NamedTensor>> {
    if is_safetensors(path)? {
        from_safetensors(path)
    } else {
        from_torch(path)
    }
}

/// Such a file begins with the length of a JSON object, 8 bytes, and the object.
fn is_safetensors(path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    file.by_ref()
        .take(9)
        .read_to_end(&mut head)
        .map_err(Error::io("read", path))?;
    Ok(head.get(8) == Some(&b'{'))
}

fn from_safetensors(path: &Path) -> Result<Vec<NamedTensor>> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| damaged(path, &error.to_string()))?;
    let read = |(name, tensor): (String, TensorView<'_>)| {
        let values = match tensor.dtype() {
            Dtype::F32 => widen(tensor.data(), f32::from_le_bytes),
            Dtype::F16 => widen(tensor.data(), |bytes| f16::from_le_bytes(bytes).to_f32()),
            Dtype::BF16 => widen(tensor.data(), |bytes| bf16::from_le_bytes(bytes).to_f32()),
            other => return Err(other_numbers(path, &name, &format!("{other:?}"))),
        };
        let shape = tensor.shape().to_vec();
        Ok(NamedTensor { name, shape, values })
    };
    model_part(file.tensors()).into_iter().map(read).collect()
}

fn from_torch(path: &Path) -> Result<Vec<NamedTensor>> {
    let size = fs::metadata(path).map_err(Error::io("read", path))?.len();
    let file = PytorchReader::new(path).map_err(|error| match error {
        PytorchError::Zip(error) => damaged(path, &error.to_string()),
        error => damaged(path, &error.to_string()),
    })?;
    if file.is_empty() {
        return Err(damaged(path, &format!("there is no tensor{}", others(path))));
    }
    let tensors = model_part(file.into_tensors().into_iter().collect());
    // A view may declare any number of numbers over a small storage; two names for the same one are common.
    let declared: u128 = tensors.iter().map(|(_, tensor)| tensor.byte_len() as u128).sum();
    if declared > 2 * u128::from(size) {
        return Err(damaged(
            path,
            &format!("{declared} bytes of weights are declared in a file of {size}"),
        ));
    }
    let read = |(name, tensor): (String, Tensor)| {
        let bytes = tensor.read().map_err(|error| damaged(path, &error.to_string()))?;
        let values = match tensor.dtype() {
            DType::F32 => widen(&bytes, f32::from_ne_bytes),
            DType::F16 => widen(&bytes, |bytes| f16::from_ne_bytes(bytes).to_f32()),
            DType::BF16 => widen(&bytes, |bytes| bf16::from_ne_bytes(bytes).to_f32()),
            other => return Err(other_numbers(path, &name, &format!("{other:?}"))),
        };
        let shape = tensor.shape().to_vec();
        Ok(NamedTensor { name, shape, values })
    };
    tensors.into_iter().map(read).collect()
}

/// What a checkpoint holds that is no tensor and was not made: names of Python's types and functions.
fn others(path: &Path) -> String {
    let Ok(PickleValue::Dict(values)) = PytorchReader::read_pickle_data(path, None) else {
        return String::new();
    };
    let names: BTreeSet<String> = values
        .into_values()
        .filter_map(|value| match value {
            PickleValue::Unsupported(name) => Some(name),
            _ => None,
        })
        .take(SHOWN)
        .collect();
    names.iter().map(|name| format!(", but {name}")).collect()
}

/// Names that an error lists.
const SHOWN: usize = 5;

/// The tensors of the module that holds both the LSTM and a linear layer, without that module's name: what a checkpoint
/// (`state_dict.`) or a wrapper (`module.`) puts in front. All, where there is no such module.
pub(super) fn model_part<T>(tensors: Vec<(String, T)>) -> Vec<(String, T)> {
    let names = || tensors.iter().map(|(name, _)| &**name);
    let lstms = || names().filter(|name| name.ends_with("weight_ih_l0"));
    let is_model = |module: &str| {
        let has_linear = names().any(|name| name.starts_with(module) && name.ends_with(".bias"));
        has_linear && lstms().all(|name| name.starts_with(module))
    };
    let first = lstms().next().unwrap_or_default();
    let mut modules = first.rmatch_indices('.').map(|(dot, _)| &first[..=dot]);
    let module = modules.find(|module| is_model(module)).unwrap_or_default().to_owned();
    let own = |(name, tensor): (String, T)| Some((name.strip_prefix(&module)?.to_owned(), tensor));
    tensors.into_iter().filter_map(own).collect()
}

fn widen<const BYTES: usize>(bytes: &[u8], number: fn([u8; BYTES]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| number(*bytes)).collect()
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::run(
        format!(
            "{}: no weights can be read: {}",
            path.display(),
            lower_first(&why.escape_debug().to_string())
        ),
        "give safetensors, or what torch.save(model.state_dict(), …) wrote, in full",
    )
}

fn other_numbers(path: &Path, name: &str, kind: &str) -> Error {
    Error::run(
        format!(
            "{}: {} holds numbers of type {kind}; read are F32, F16 and BF16",
            path.display(),
            name.escape_debug()
        ),
        "save the model anew after `model.float()`",
    )
}
