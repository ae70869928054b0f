//! Everything about the connection under the cursor, or about what its row adds up.

use bwusage_proto::{
    format::{bytes_with_unit, duration},
    text,
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::Line,
    widgets::{Block, BorderType, Widget as _},
};

use super::{
    connections,
    detail::fact,
    theme::{NOTE, Role, TITLE, Theme},
};
use crate::{app::App, rows::FlowDetail};

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    let Some(detail) = app.selected_flow() else { return };
    let title = text::truncate(&detail.flow.title, usize::from(area.width.saturating_sub(6)));
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.colour(Role::Frame))
        .title_top(Line::styled(format!(" {title} "), TITLE))
        .title_bottom(Line::styled(" Esc back ", NOTE).right_aligned());
    let inner = block.inner(area);
    block.render(area, buffer);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };

    let mut y = inner.y;
    for (label, value) in facts(&detail, app) {
        for line in fact(label, &value, inner.width.into()) {
            if y < inner.bottom() {
                buffer.set_line(inner.x, y, &line, inner.width);
                y += 1;
            }
        }
    }
    let rest = Rect { y: (y + 1).min(inner.bottom()), height: inner.bottom().saturating_sub(y + 1), ..inner };
    if detail.is_group && rest.height > 0 {
        connections::list(buffer, rest, app, theme);
    }
}

fn facts(detail: &FlowDetail, app: &App) -> Vec<(&'static str, String)> {
    let flow = &detail.flow;
    let amount = |amount| bytes_with_unit(amount, app.units()).trim_start().to_owned();
    let mut facts = vec![("moved", format!("▼ {}  ▲ {}", amount(flow.rx_total), amount(flow.tx_total)))];
    let mut add = |label, words: Vec<Option<String>>| {
        let words: Vec<String> = words.into_iter().flatten().collect();
        if !words.is_empty() {
            facts.push((label, words.join(", ")));
        }
    };
    let pid = flow.pid.map(|pid| format!("pid {pid}"));
    let several = (flow.processes > 1).then(|| format!("{} processes", flow.processes));
    let user = flow.user.as_ref().map(|user| format!("user {user}"));
    add("who", vec![flow.name.clone(), pid, several, user]);
    add("app", vec![flow.app.clone().filter(|app| Some(app) != flow.name.as_ref())]);
    add("remote", vec![detail.host.clone(), detail.address.clone()]);
    add("service", vec![flow.service.clone(), flow.protocol.clone()]);
    add("local", vec![flow.local.clone()]);
    add("interface", vec![flow.interface.clone()]);
    let began = flow.inbound.map(|inbound| if inbound { "begun by the other side" } else { "begun here" });
    let age = flow
        .age
        .map(|age| format!("{}open for {}", if detail.is_group { "the oldest " } else { "" }, duration(age)));
    let last = flow.last.map(|last| format!("last byte {} ago", duration(last)));
    add("state", vec![flow.state.clone(), began.map(String::from), age, last]);
    if detail.is_group {
        add("sockets", vec![Some(format!("{} open", flow.open)), Some(format!("{} closed", flow.closed))]);
    }
    facts
}
