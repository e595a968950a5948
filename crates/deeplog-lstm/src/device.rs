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
    /// An NVIDIA card, through burn's CUDA backend: cargo feature `cuda`. It builds anywhere; to run it needs NVIDIA's
    /// driver and the CUDA toolkit, which compiles the kernels.
    Cuda,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Ndarray => "ndarray",
            Self::Gpu => "gpu",
            Self::Cuda => "cuda",
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
            "cuda" => Ok(Self::Cuda),
            _ => Err(DeviceError::Unknown(name.escape_debug().collect())),
        }
    }
}

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The name stands for no kind of device.
    #[error("there is no device \"{0}\", use cpu, ndarray, gpu or cuda")]
    Unknown(String),
    /// The cargo feature was off when this program was built.
    #[error("the {0} device is not built into this program, build with `--features {0}` or use the cpu device")]
    NotBuiltIn(DeviceKind),
    /// The feature is built in, and no adapter answers.
    #[error("no graphics adapter was found, install a Vulkan, Metal or DirectX 12 driver or use the cpu device")]
    NoAdapter,
    /// The feature is built in, and NVIDIA's driver is not there or knows no card.
    #[error("no CUDA device was found, install NVIDIA's driver and the CUDA toolkit or use the cpu device")]
    NoCudaDevice,
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
            DeviceKind::Cuda => cuda()?,
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

/// Looks for a card first: without one, or without its driver, CUDA panics at the first operation.
#[cfg(feature = "cuda")]
fn cuda() -> Result<burn::tensor::Device, DeviceError> {
    use burn::tensor::{Device, DeviceIndex, DeviceType};

    if Device::enumerate(DeviceType::Cuda).into_vec().is_empty() {
        return Err(DeviceError::NoCudaDevice);
    }
    Ok(Device::cuda(DeviceIndex::Default))
}

#[cfg(not(feature = "cuda"))]
fn cuda() -> Result<burn::tensor::Device, DeviceError> {
    Err(DeviceError::NotBuiltIn(DeviceKind::Cuda))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for kind in [DeviceKind::Cpu, DeviceKind::Ndarray, DeviceKind::Gpu, DeviceKind::Cuda] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let error = "tpu\u{1b}".parse::<DeviceKind>().unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no device \"tpu\\u{1b}\", use cpu, ndarray, gpu or cuda"
        );
    }

    #[test]
    fn the_cpu_is_always_there() {
        assert_eq!(Device::open(DeviceKind::Cpu).unwrap().kind(), DeviceKind::Cpu);
    }

    #[test]
    fn a_device_that_is_not_built_in_says_how_to_get_it() {
        let features = [
            (DeviceKind::Ndarray, cfg!(feature = "ndarray")),
            (DeviceKind::Gpu, cfg!(feature = "gpu")),
            (DeviceKind::Cuda, cfg!(feature = "cuda")),
        ];
        for (kind, built_in) in features {
            let not_built_in = DeviceError::NotBuiltIn(kind);
            assert_eq!(Device::open(kind).err().as_ref() == Some(&not_built_in), !built_in);
            let shown = not_built_in.to_string();
            assert!(shown.contains(&format!("build with `--features {kind}`")), "{shown}");
        }
    }

    /// Opens a kind of device in a process of its own, which is told where no driver is: this test, once more.
    #[cfg(any(feature = "gpu", feature = "cuda"))]
    #[test]
    fn a_machine_without_a_card_is_an_error_and_no_panic() {
        const TEST: &str = "device::tests::a_machine_without_a_card_is_an_error_and_no_panic";
        const KIND: &str = "DEEPLOG_TEST_WITHOUT_CARD";
        if let Ok(kind) = std::env::var(KIND) {
            let expected = match kind.parse().unwrap() {
                DeviceKind::Cuda => DeviceError::NoCudaDevice,
                _ => DeviceError::NoAdapter,
            };
            assert_eq!(Device::open(kind.parse().unwrap()).unwrap_err(), expected);
            return;
        }
        let kinds = [("gpu", cfg!(feature = "gpu")), ("cuda", cfg!(feature = "cuda"))];
        for (kind, _) in kinds.into_iter().filter(|(_, built_in)| *built_in) {
            let child = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", TEST])
                .env(KIND, kind)
                .env("CUDA_VISIBLE_DEVICES", "")
                .env("VK_DRIVER_FILES", "/nonexistent")
                .env("VK_ICD_FILENAMES", "/nonexistent")
                // wgpu would fall back to OpenGL, whose drivers are found through EGL.
                .env("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent")
                .output()
                .unwrap();
            let shown = String::from_utf8_lossy(&child.stdout);
            assert!(child.status.success() && shown.contains("1 passed"), "{kind}: {shown}");
        }
    }
}
