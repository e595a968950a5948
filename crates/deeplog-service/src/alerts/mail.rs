//! Alerts by mail.

use std::time::Duration;

use deeplog::{Error, Result};
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};

use super::alert::Told;
use super::delivery::{Failure, Target};
use crate::config::{MailConfig, MailTls};

/// How long the mail server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A mail server, and who gets mail.
pub(super) struct Mail {
    server: SmtpTransport,
    host: String,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mail {
    pub(super) fn new(config: &MailConfig) -> Result<Self> {
        let parameters = || {
            TlsParameters::new(config.host.clone()).map_err(|error| {
                Error::run(
                    format!("{} cannot be spoken to over TLS: {error}", config.host),
                    "check `alerts.mail.server`",
                )
            })
        };
        let tls = match config.tls {
            MailTls::Implicit => Tls::Wrapper(parameters()?),
            MailTls::Starttls => Tls::Required(parameters()?),
            MailTls::None => Tls::None,
        };
        let mut server = SmtpTransport::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(PATIENCE));
        if let Some((user, password)) = &config.credentials {
            server = server.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
        }
        Ok(Self {
            server: server.build(),
            host: config.host.clone(),
            from: config.from.clone(),
            to: config.to.clone(),
        })
    }

    fn letter(&self, told: &Told) -> std::result::Result<Message, lettre::error::Error> {
        let mut letter = Message::builder()
            .from(self.from.clone())
            // Title and id hold nothing that comes from the log.
            .subject(format!("[deeplog] {}", told.title()))
            .message_id(Some(format!("<{}.deeplog@{}>", told.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            letter = letter.to(to.clone());
        }
        let mut letter = letter.body(told.letter())?;
        // Nobody's absence is to be answered to us.
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        letter
            .headers_mut()
            .insert_raw(HeaderValue::new(name, "auto-generated".into()));
        Ok(letter)
    }
}

impl Target for Mail {
    fn name(&self) -> &str {
        &self.host
    }

    fn deliver(&self, told: &Told) -> std::result::Result<(), Failure> {
        let letter = self.letter(told).map_err(|error| Failure::Ever(error.to_string()))?;
        match self.server.send(&letter) {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(Failure::Ever(error.to_string())),
            Err(error) => Err(Failure::Now(error.to_string())),
        }
    }
}
