//! Alerts by HTTP: a signed POST.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use sha2::Sha256;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Error};

use super::address::PublicOnly;
use super::alert::Told;
use super::delivery::{Failure, Target};
use crate::config::{Secret, WebhookConfig};

/// How long a call may take from its beginning to its end.
const PATIENCE: Duration = Duration::from_secs(10);

/// A service that is called.
pub(super) struct Webhook {
    agent: Agent,
    host: String,
    url: Secret,
    secret: Secret,
}

impl Webhook {
    pub(super) fn new(config: &WebhookConfig) -> Self {
        let settings = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .https_only(!config.allow_private)
            // Where it leads next was not looked at; and a proxy of the environment would look up names itself.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .http_status_as_error(false)
            .user_agent("deeplog")
            .build();
        let connector = DefaultConnector::default();
        let agent = match config.allow_private {
            true => Agent::with_parts(settings, connector, DefaultResolver::default()),
            false => Agent::with_parts(settings, connector, PublicOnly::default()),
        };
        Self {
            agent,
            host: config.host.clone(),
            url: config.url.clone(),
            secret: config.secret.clone(),
        }
    }

    fn call(&self, told: &Told) -> Result<u16, Error> {
        let body = told.json().map_err(|error| Error::Other(error.into()))?;
        let time = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let answer = self
            .agent
            .post(self.url.reveal())
            .header("Content-Type", "application/json")
            .header("X-Deeplog-Alert", &told.id)
            .header("X-Deeplog-Signature", signature(&self.secret, time, &body))
            .send(&body[..])?;
        Ok(answer.status().as_u16())
    }
}

impl Target for Webhook {
    fn name(&self) -> &str {
        &self.host
    }

    fn deliver(&self, told: &Told) -> Result<(), Failure> {
        match self.call(told) {
            Ok(200..=299) => Ok(()),
            Ok(status @ 300..=399) => Err(Failure::Ever(format!(
                "it answered {status}, and redirects are not followed"
            ))),
            Ok(status) => Err(Failure::Now(format!("it answered {status}"))),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(Failure::Ever(error.to_string()))
            }
            // Some of them hold the whole address, which may be a secret.
            Err(Error::BadUri(_) | Error::Http(_)) => Err(Failure::Ever("its address is not usable".into())),
            Err(error) => Err(Failure::Now(error.to_string())),
        }
    }
}

/// Proves that a call is ours and how old it is: HMAC-SHA256 over `time.body`, as in `t=1700000000,v1=0f…`.
pub(super) fn signature(secret: &Secret, time: u64, body: &[u8]) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    let code: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("t={time},v1={code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected code was made with `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key`.
    #[test]
    fn the_signature_is_what_others_make_of_it() {
        let expected = "t=1700000000,v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03";
        assert_eq!(signature(&Secret::new("key"), 1_700_000_000, b"{\"a\":1}"), expected);
    }
}
