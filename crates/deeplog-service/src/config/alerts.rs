//! `[alerts]`: who is told of findings, and how often.

use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use axum::http::Uri;
use deeplog::Fields;
use lettre::message::Mailbox;
use serde::Deserialize;

use super::amount::{number, time};
use super::secret::{Secret, from_file, inline};

/// Who is told of findings. Nobody by default.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertConfig {
    /// Services that are called.
    pub webhooks: Vec<WebhookConfig>,
    /// The mail server, where mail is sent.
    pub mail: Option<MailConfig>,
    /// How long findings of the same signature are only counted after one was told. Default: ten minutes.
    pub quiet: Duration,
    /// Alerts an hour that each receiver gets at most; the others are counted into one summary. Default 20.
    pub per_hour: u32,
    /// Where people reach this service's page, for links in alerts; none without it.
    pub link: Option<String>,
}

impl Default for AlertConfig {
    fn default() -> Self {
        Self {
            webhooks: Vec::new(),
            mail: None,
            quiet: Duration::from_secs(600),
            per_hour: 20,
            link: None,
        }
    }
}

/// A service that is called with each alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Its address. Only the host of it is ever shown, as the rest often holds a key.
    pub url: Secret,
    /// The host in it.
    pub host: String,
    /// Key of the signature that it knows our calls by.
    pub secret: Secret,
    /// Whether it may be on this machine or in a private network, and do without TLS. Default: no.
    pub allow_private: bool,
}

/// How mail is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct MailConfig {
    /// Host of the mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted. Default: STARTTLS, which must succeed.
    pub tls: MailTls,
    /// Name and password, where it wants them.
    pub credentials: Option<(String, Secret)>,
    /// Whose mail it is.
    pub from: Mailbox,
    /// Who gets it.
    pub to: Vec<Mailbox>,
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// From the first byte, usually at port 465.
    Implicit,
    /// After a command, usually at port 587; without it nothing is sent.
    #[default]
    Starttls,
    /// Not at all.
    None,
}

pub(super) fn read(mut fields: Fields<'_>, folder: &Path) -> AlertConfig {
    let default = AlertConfig::default();
    let webhooks = fields.sections("webhooks").unwrap_or_default();
    let link: Option<String> = fields.optional("link");
    let is_link = |link: &String| Uri::from_str(link).is_ok_and(|uri| is_http(&uri));
    fields.ensure(link.as_ref().is_none_or(is_link), "link", || {
        "is no address such as \"https://logs.example.org\"".into()
    });
    let alerts = AlertConfig {
        webhooks: webhooks
            .into_iter()
            .filter_map(|hook| read_webhook(hook, folder))
            .collect(),
        mail: fields.optional_section("mail").and_then(|mail| read_mail(mail, folder)),
        quiet: time(&mut fields, "quiet", default.quiet, true),
        per_hour: number(&mut fields, "per_hour", default.per_hour, 1, 100_000),
        link: link.map(|link| link.trim_end_matches('/').to_owned()),
    };
    fields.finish();
    alerts
}

fn is_http(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
}

fn read_webhook(mut fields: Fields<'_>, folder: &Path) -> Option<WebhookConfig> {
    let allow_private = fields.or("allow_private", false);
    let url: Option<String> = fields.required("url");
    let uri = url.as_ref().and_then(|url| Uri::from_str(url).ok()).filter(is_http);
    fields.ensure(url.is_none() || uri.is_some(), "url", || {
        "is no address such as \"https://example.org/hook\"".into()
    });
    if let Some(uri) = &uri {
        fields.ensure(uri.scheme_str() == Some("https") || allow_private, "url", || {
            "is not encrypted; give an https address, or allow_private = true for one in your own network".into()
        });
        let has_user = uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'));
        fields.ensure(!has_user, "url", || {
            "holds a user's name, which is not sent; remove it".into()
        });
    }
    fields.ensure(fields.has("secret") != fields.has("secret_file"), "secret", || {
        "is the key that calls are signed with; give either it or a secret_file".into()
    });
    let inline = inline(&mut fields, "secret");
    let secret = from_file(&mut fields, "secret_file", folder).or(inline);
    fields.finish();
    Some(WebhookConfig {
        host: uri?.host()?.to_owned(),
        url: Secret::new(url?),
        secret: secret?,
        allow_private,
    })
}

fn read_mail(mut fields: Fields<'_>, folder: &Path) -> Option<MailConfig> {
    let server: Option<String> = fields.required("server");
    let place = server.as_ref().and_then(|server| {
        let (host, port) = server.rsplit_once(':')?;
        Some((host.to_owned(), port.parse::<u16>().ok()?)).filter(|(host, _)| !host.is_empty())
    });
    fields.ensure(server.is_none() || place.is_some(), "server", || {
        format!(
            "{:?} is no host with a port, such as \"smtp.example.org:587\"",
            server.unwrap_or_default()
        )
    });
    let tls = fields.or("tls", MailTls::default());
    let user: Option<String> = fields.optional("user");
    let has_password = fields.has("password_file");
    let password = from_file(&mut fields, "password_file", folder);
    fields.ensure(user.is_some() == has_password, "user", || {
        "and password_file belong together; give both or none".into()
    });
    let is_local = place.as_ref().is_some_and(|(host, _)| is_this_machine(host));
    fields.ensure(tls != MailTls::None || !has_password || is_local, "tls", || {
        "none would send the password for all to read; use starttls or implicit".into()
    });
    let from = fields
        .required::<String>("from")
        .and_then(|from| mailbox(&fields, "from", &from));
    let to: Option<Vec<String>> = fields.required("to");
    fields.ensure(to.as_ref().is_none_or(|to| !to.is_empty()), "to", || {
        "names nobody".into()
    });
    let to = to.unwrap_or_default();
    let to: Vec<Mailbox> = to.iter().filter_map(|to| mailbox(&fields, "to", to)).collect();
    fields.finish();
    let (host, port) = place?;
    Some(MailConfig {
        host,
        port,
        tls,
        credentials: user.zip(password),
        from: from?,
        to,
    })
}

fn mailbox(fields: &Fields<'_>, key: &str, text: &str) -> Option<Mailbox> {
    let mailbox = text.parse().ok();
    fields.ensure(mailbox.is_some(), key, || {
        format!("{text:?} is no mail address such as \"ops@example.org\" or \"Operations <ops@example.org>\"")
    });
    mailbox
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
