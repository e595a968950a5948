//! `deeplog token`: who may use the service.

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::Error;
use deeplog_service::auth::{Scope, Tokens};
use deeplog_service::{now, rfc3339};
use evaluation::visible;
use sequence_windowing::{Duration, Timestamp};

use crate::console::Console;

#[derive(clap::Subcommand)]
pub(crate) enum Args {
    /// Make a token and print it. It is kept as a hash: this is the only time that it is shown
    Create {
        /// What it is called, `vector` for instance
        name: String,
        #[command(flatten)]
        state: State,
        /// What it allows: read (look at findings), ingest (send lines), admin (everything); may be repeated
        #[arg(long, value_enum, required = true)]
        scope: Vec<Allowed>,
        /// How long it is valid, such as 90d [default: until it is revoked]
        #[arg(long, value_name = "DURATION")]
        expires: Option<Duration>,
    },
    /// List the tokens
    List {
        #[command(flatten)]
        state: State,
    },
    /// Take a token away; a running service knows at once
    Revoke {
        /// What it is called
        name: String,
        #[command(flatten)]
        state: State,
    },
}

#[derive(clap::Args)]
pub(crate) struct State {
    /// The service's state folder
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Allowed {
    Read,
    Ingest,
    Admin,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<ExitCode> {
    match args {
        Args::Create {
            name,
            state,
            scope,
            expires,
        } => {
            deeplog::create_private_folder(&state.state)?;
            let scopes: Vec<Scope> = scope.iter().map(|scope| scope.scope()).collect();
            let expires = expires.map(|expires| Timestamp(now().0.saturating_add(expires.microseconds() as i64)));
            println!("{}", Tokens::open(&state.state)?.create(&name, &scopes, expires)?);
            console.say("keep it: it is not shown again");
        }
        Args::List { state } => {
            for token in Tokens::open(&state.state)?.list() {
                let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
                let expires = token
                    .expires
                    .map_or("no end".to_owned(), |time| format!("until {}", rfc3339(time)));
                println!("{}  {}  {expires}", visible(&token.name), scopes.join(","));
            }
        }
        Args::Revoke { name, state } => {
            if !Tokens::open(&state.state)?.revoke(&name)? {
                let fact = format!("there is no token `{}`", visible(&name));
                return Err(Error::run(fact, "`deeplog token list` names them").into());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Allowed {
    fn scope(self) -> Scope {
        match self {
            Self::Read => Scope::Read,
            Self::Ingest => Scope::Ingest,
            Self::Admin => Scope::Admin,
        }
    }
}
