//! `bwusage-web user …`: the users, changed by whoever may write the database, whether or not the server runs.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use bwusage_proto::users::Users;

use crate::{
    access::{Store, offline},
    cli::UserChange,
};

/// Does what was typed, and says what was done.
pub(crate) fn run(change: UserChange) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match change {
        UserChange::Add { name, role, os_user, state } => {
            let store = Store::open(&state.folder())?;
            offline::check_new(&store, &name)?;
            let tie = os_user.as_deref().map(offline::os_user).transpose()?;
            offline::add(&store, &name, role, &read_password()?, tie.as_ref())?;
            writeln!(out, "{name} can log in now, as {role}")?;
        }
        UserChange::List { state } => list(&Store::open(&state.folder())?, &mut out)?,
        UserChange::Remove { name, state } => {
            offline::remove(&Store::open(&state.folder())?, &name)?;
            writeln!(out, "{name} cannot log in any more")?;
        }
        UserChange::Password { name, state } => {
            let store = Store::open(&state.folder())?;
            offline::check_known(&store, &name)?;
            offline::set_password(&store, &name, &read_password()?)?;
            writeln!(out, "{name} has another password now, and has to log in again")?;
        }
        UserChange::Role { name, role, state } => {
            offline::set_role(&Store::open(&state.folder())?, &name, role)?;
            writeln!(out, "{name} is {role} now, and has to log in again")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(store: &Store, out: &mut impl io::Write) -> anyhow::Result<()> {
    let (users, names) = (store.users()?, Users::new());
    if users.is_empty() {
        return Ok(writeln!(out, "nobody can log in: bwusage-web user add NAME --role admin")?);
    }
    let width = users.iter().map(|user| user.name.len()).max().unwrap_or_default();
    for user in users {
        let tied = user.os_user().map(|os_user| format!("  sees what {} may see", names.name(os_user)));
        writeln!(out, "{:width$}  {:8}{}", user.name, user.role.name(), tied.unwrap_or_default())?;
    }
    Ok(())
}

/// Asked for twice on a terminal; the first line of standard input elsewhere. Never an argument: everyone can read those.
fn read_password() -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).context("cannot read the password from standard input")?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let ask = |prompt| rpassword::prompt_password(prompt).context("cannot ask for the password");
    let password = ask("Password: ")?;
    offline::check_password(&password)?;
    if ask("Password again: ")? != password {
        bail!("the two passwords are not the same");
    }
    Ok(password)
}
