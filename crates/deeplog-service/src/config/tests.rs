//! The configuration as people write it, well and badly.

use std::path::Path;
use std::time::Duration;

use super::*;

fn read(text: &str) -> Result<ServiceConfig> {
    ServiceConfig::from_table(text.parse().unwrap(), Path::new("/etc/deeplog"), "serve.toml")
}

fn mistakes(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn nothing_said_is_the_default() {
    assert_eq!(read("").unwrap(), ServiceConfig::default());
}

#[test]
fn everything_said_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hook.key"), "from file\r\n").unwrap();
    std::fs::write(folder.path().join("mail.key"), "password\n").unwrap();
    let text = r#"
        [[sources]]
        name = "web-1"
        model = "web.deeplog"
        dataset = "/data/web.toml"
        files = ["logs/*.log", "/var/log/web/*.log"]
        from = "end"
        message_fields = ["msg"]
        syslog = { tcp = "127.0.0.1:5140", udp = "[::1]:5140", shape = "file" }
        [[sources]]
        [http]
        listen = "0.0.0.0:443"
        tls = { certificate = "tls.pem", key = "/etc/tls.key" }
        hosts = ["logs.example.org"]
        [limits]
        body = "1MiB"
        unpacked = 2097152
        line = "64 KiB"
        batch_lines = 10
        connections = 11
        requests = 12
        queue = "1GiB"
        header_timeout = "5s"
        body_timeout = "6s"
        [store]
        keep_findings = 13
        [checkpoint]
        every = "10s"
        log = "64MiB"
        [alerts]
        quiet = "0s"
        per_hour = 14
        link = "https://logs.example.org/"
        [[alerts.webhooks]]
        url = "https://example.org/hook?key=1"
        secret_file = "hook.key"
        [[alerts.webhooks]]
        url = "http://[::1]:8080/"
        secret = "inline"
        allow_private = true
        [alerts.mail]
        server = "smtp.example.org:465"
        tls = "implicit"
        user = "deeplog"
        password_file = "mail.key"
        from = "DeepLog <deeplog@example.org>"
        to = ["ops@example.org"]
    "#;
    let config = ServiceConfig::from_table(text.parse().unwrap(), folder.path(), "serve.toml").unwrap();
    let at = |file: &str| folder.path().join(file);
    let expected = ServiceConfig {
        sources: vec![
            SourceConfig {
                name: "web-1".into(),
                model: Some(at("web.deeplog")),
                dataset: Some("/data/web.toml".into()),
                files: vec![at("logs/*.log").display().to_string(), "/var/log/web/*.log".into()],
                from: From::End,
                message_fields: vec!["msg".into()],
                syslog: Some(SyslogConfig {
                    tcp: Some("127.0.0.1:5140".parse().unwrap()),
                    udp: Some("[::1]:5140".parse().unwrap()),
                    shape: SyslogShape::File,
                }),
            },
            SourceConfig::default(),
        ],
        http: HttpConfig {
            listen: "0.0.0.0:443".parse().unwrap(),
            tls: Some(TlsConfig {
                certificate: at("tls.pem"),
                key: "/etc/tls.key".into(),
            }),
            allow_plain: false,
            hosts: vec!["logs.example.org".into()],
        },
        limits: Limits {
            body: 1 << 20,
            unpacked: 2 << 20,
            line: 64 << 10,
            batch_lines: 10,
            connections: 11,
            requests: 12,
            burst: 24,
            queue: 1 << 30,
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(6),
        },
        store: StoreConfig { keep_findings: 13 },
        checkpoint: CheckpointConfig {
            every: Duration::from_secs(10),
            log: 64 << 20,
        },
        alerts: AlertConfig {
            webhooks: vec![
                WebhookConfig {
                    url: Secret::new("https://example.org/hook?key=1"),
                    host: "example.org".into(),
                    secret: Secret::new("from file"),
                    allow_private: false,
                },
                WebhookConfig {
                    url: Secret::new("http://[::1]:8080/"),
                    host: "[::1]".into(),
                    secret: Secret::new("inline"),
                    allow_private: true,
                },
            ],
            mail: Some(MailConfig {
                host: "smtp.example.org".into(),
                port: 465,
                tls: MailTls::Implicit,
                credentials: Some(("deeplog".into(), Secret::new("password"))),
                from: "DeepLog <deeplog@example.org>".parse().unwrap(),
                to: vec!["ops@example.org".parse().unwrap()],
            }),
            quiet: Duration::ZERO,
            per_hour: 14,
            link: Some("https://logs.example.org".into()),
        },
    };
    assert_eq!(config, expected);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let told = mistakes(
        r#"
        colour = "blue"
        [[sources]]
        name = "Web server"
        files = ["a***"]
        syslog = { shape = "file" }
        [[sources]]
        [[sources]]
        from = "middle"
        [http]
        listen = "0.0.0.0:80"
        hosts = ["https://example.org"]
        [limits]
        body = "1.5 MiB"
        line = "1TB"
        connections = 0
        header_timeout = "soon"
        [alerts]
        link = "example.org"
        [[alerts.webhooks]]
        url = "http://example.org"
        secret = "a"
        secret_file = "b"
        [alerts.mail]
        server = "smtp.example.org"
        user = "me"
        from = "nobody"
        to = []
    "#,
    );
    for field in [
        "colour: unknown field",
        "sources[0].name: \"Web server\" cannot name a source",
        "sources[0].files: \"a***\" is no path or glob",
        "sources[0].syslog.tcp: is missing",
        "sources[2].from: \"middle\" does not fit",
        "sources[2].name: `default` is the name of another source",
        "http.listen: 0.0.0.0:80 is reached by other machines",
        "http.hosts: \"https://example.org\" is no host name",
        "limits.body: \"1.5 MiB\" does not fit",
        "limits.line: \"1TB\" does not fit",
        "limits.connections: 0 is outside",
        "limits.header_timeout: \"soon\" does not fit",
        "alerts.link: is no address",
        "alerts.webhooks[0].url: is not encrypted",
        "alerts.webhooks[0].secret: is the key",
        "alerts.webhooks[0].secret_file: cannot read /etc/deeplog/b",
        "alerts.mail.server: \"smtp.example.org\" is no host with a port",
        "alerts.mail.user: and password_file belong together",
        "alerts.mail.from: \"nobody\" is no mail address",
        "alerts.mail.to: names nobody",
    ] {
        assert!(told.contains(&format!("\n  {field}")), "{field} is not in {told}");
    }
    assert_eq!(told.lines().count(), 1 + 20, "{told}");
}

#[test]
fn other_machines_need_tls_or_a_proxy() {
    assert!(read("http.listen = \"[::1]:80\"").is_ok());
    assert!(read("http = { listen = \"[::]:80\", allow_plain = true }").is_ok());
    assert!(mistakes("http.listen = \"[::]:80\"").contains("allow_plain"));
    // TLS that is only half given is one mistake, not two.
    let told = mistakes("http = { listen = \"[::]:80\", tls = { key = \"a\" } }");
    assert_eq!(
        told.lines().nth(1),
        Some("  http.tls.certificate: is missing"),
        "{told}"
    );
}

#[test]
fn two_sources_cannot_listen_at_one_address() {
    let sources = |first: &str, second: &str| {
        format!("[[sources]]\nname = \"a\"\nsyslog.udp = {first:?}\n[[sources]]\nsyslog.udp = {second:?}")
    };
    assert!(mistakes(&sources("[::1]:514", "[::1]:514")).contains("sources[1].syslog: udp [::1]:514 is listened at"));
    assert!(read(&sources("[::1]:514", "[::1]:515")).is_ok());
    assert!(read(&sources("[::1]:0", "[::1]:0")).is_ok());
}

#[test]
fn passwords_are_not_sent_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "x").unwrap();
    let mail = |host: &str| {
        let text = format!(
            "[alerts.mail]\nserver = \"{host}:25\"\ntls = \"none\"\nuser = \"a\"\npassword_file = \"key\"\n\
             from = \"a@b.c\"\nto = [\"a@b.c\"]"
        );
        ServiceConfig::from_table(text.parse().unwrap(), folder.path(), "serve.toml")
    };
    assert!(mail("localhost").is_ok());
    assert!(mail("[::1]").is_ok());
    assert!(
        mail("smtp.example.org")
            .unwrap_err()
            .to_string()
            .contains("alerts.mail.tls: none would send")
    );
}

#[test]
fn secrets_are_not_shown() {
    let config = read("[[alerts.webhooks]]\nurl = \"https://example.org/hunter2\"\nsecret = \"hunter2\"").unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let told = mistakes("[[alerts.webhooks]]\nurl = \"ftp://hunter2\"\nsecret = [\"hunter2\"]");
    assert!(told.contains("webhooks[0].secret: is no text"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_folder_with_the_look_of_a_glob_is_none() {
    let table = "[[sources]]\nfiles = [\"*.log\"]".parse().unwrap();
    let config = ServiceConfig::from_table(table, Path::new("/a[1]"), "serve.toml").unwrap();
    let pattern = glob::Pattern::new(&config.sources[0].files[0]).unwrap();
    assert!(pattern.matches("/a[1]/x.log") && !pattern.matches("/a1/x.log"));
}

/// A configuration with the default sources.
fn but_for_sources(config: ServiceConfig) -> ServiceConfig {
    let ServiceConfig { sources, .. } = ServiceConfig::default();
    ServiceConfig { sources, ..config }
}

#[test]
fn the_example_is_valid_and_what_it_shows_commented_out_is_the_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/serve.toml");
    let config = ServiceConfig::read(&path).unwrap();
    let names: Vec<&str> = config.sources.iter().map(|source| &*source.name).collect();
    assert_eq!(names, ["hdfs", "system"]);
    assert_eq!(but_for_sources(config), ServiceConfig::default());

    let text = std::fs::read_to_string(&path).unwrap();
    let settings = text.lines().take_while(|line| !line.starts_with("# [[")).map(|line| {
        let shown = line.strip_prefix("# ").filter(|rest| rest.contains(" = "));
        // These have no default.
        let is_example = |rest: &&str| ["dataset", "tls", "link"].iter().any(|name| rest.starts_with(name));
        shown.filter(|rest| !is_example(rest)).unwrap_or(line)
    });
    let settings: Vec<&str> = settings.collect();
    let all = ServiceConfig::from_table(settings.join("\n").parse().unwrap(), Path::new(""), "serve.toml").unwrap();
    assert_eq!(all.sources[0].message_fields, ["message", "log"]);
    assert_eq!(but_for_sources(all), ServiceConfig::default());
}
