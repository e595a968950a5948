//! Where tensors live and are computed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kinds of device that can be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// The processor, through burn's flex backend. Always built in, and the default.
    #[default]
    Cpu,
    /// The processor, through burn's older ndarray backend: cargo feature `ndarray`.
    Ndarray,
    /// A graphics card, through burn's wgpu backend (Vulkan, Metal, DirectX 12): cargo feature `gpu`.
    Gpu,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Ndarray => "ndarray",
            Self::Gpu => "gpu",
        })
    }
}

impl FromStr for DeviceKind {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "cpu" => Ok(Self::Cpu),
            "ndarray" => Ok(Self::Ndarray),
            "gpu" => Ok(Self::Gpu),
            _ => Err(DeviceError::Unknown(name.escape_debug().collect())),
        }
    }
}

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The name stands for no kind of device.
    #[error("there is no device \"{0}\", use cpu, ndarray or gpu")]
    Unknown(String),
    /// The cargo feature was off when this program was built.
    #[error("the {0} device is not built into this program, build with `--features {0}` or use the cpu device")]
    NotBuiltIn(DeviceKind),
    /// The feature is built in, and no adapter answers.
    #[error("no graphics adapter was found, install a Vulkan, Metal or DirectX 12 driver or use the cpu device")]
    NoAdapter,
}

/// An open device. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Device {
    kind: DeviceKind,
    tensors: burn::tensor::Device,
}

impl Device {
    /// Opens a device of the given kind.
    ///
    /// # Errors
    /// When the kind is not built in, or this machine has no such device.
    pub fn open(kind: DeviceKind) -> Result<Self, DeviceError> {
        let tensors = match kind {
            DeviceKind::Cpu => burn::tensor::Device::flex(),
            DeviceKind::Ndarray => ndarray()?,
            DeviceKind::Gpu => gpu()?,
        };
        Ok(Self { kind, tensors })
    }

    /// What was asked for.
    #[must_use]
    pub fn kind(&self) -> DeviceKind {
        self.kind
    }

    pub(crate) fn tensors(&self) -> &burn::tensor::Device {
        &self.tensors
    }
}

#[cfg(feature = "ndarray")]
#[expect(
    deprecated,
    reason = "it is deprecated in favour of flex and offered to those who ask for it by name"
)]
fn ndarray() -> Result<burn::tensor::Device, DeviceError> {
    Ok(burn::tensor::Device::ndarray())
}

#[cfg(not(feature = "ndarray"))]
fn ndarray() -> Result<burn::tensor::Device, DeviceError> {
    Err(DeviceError::NotBuiltIn(DeviceKind::Ndarray))
}

/// Looks for an adapter first: without one, wgpu panics in a thread of its own at the first operation.
#[cfg(feature = "gpu")]
fn gpu() -> Result<burn::tensor::Device, DeviceError> {
    use burn::tensor::{Device, DeviceKind, DeviceType};

    if Device::enumerate(DeviceType::Wgpu).into_vec().is_empty() {
        return Err(DeviceError::NoAdapter);
    }
    Ok(Device::wgpu(DeviceKind::DefaultDevice))
}

#[cfg(not(feature = "gpu"))]
fn gpu() -> Result<burn::tensor::Device, DeviceError> {
    Err(DeviceError::NotBuiltIn(DeviceKind::Gpu))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for kind in [DeviceKind::Cpu, DeviceKind::Ndarray, DeviceKind::Gpu] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let error = "cuda\u{1b}".parse::<DeviceKind>().unwrap_err().to_string();
        assert_eq!(error, "there is no device \"cuda\\u{1b}\", use cpu, ndarray or gpu");
    }

    #[test]
    fn the_cpu_is_always_there() {
        assert_eq!(Device::open(DeviceKind::Cpu).unwrap().kind(), DeviceKind::Cpu);
    }

    #[cfg(not(feature = "gpu"))]
    #[test]
    fn a_device_that_is_not_built_in_says_how_to_get_it() {
        let error = Device::open(DeviceKind::Gpu).unwrap_err().to_string();
        assert!(error.contains("build with `--features gpu`"), "{error}");
    }
}
