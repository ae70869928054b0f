//! What can be chosen on the page without scripts: a form that asks for the page anew.

use bwusage_proto::{
    process::Category,
    table::{Grouping, Order},
};

use super::wanted::{REFRESH_S, Wanted};
use crate::html;

/// The form, with the heading of the table. What was typed and is not understood stays as it was typed.
pub(super) fn form(wanted: &Wanted) -> String {
    let by = wanted.by.as_deref().and_then(Grouping::named).unwrap_or(Grouping::App);
    let groupings = Grouping::ALL.map(|known| option(known.name(), known.name(), known == by));
    let category = wanted.category.as_deref();
    let category = Category::ALL.map(Category::name).into_iter().find(|known| category == Some(known));
    let categories =
        Category::ALL.map(|known| option(known.name(), known.name(), category == Some(known.name())));
    let refresh = wanted.refresh_s().ok().flatten();
    let spans = REFRESH_S
        .map(|seconds| option(&seconds.to_string(), &format!("every {seconds} s"), refresh == Some(seconds)));
    let sort = wanted.sort.as_deref().filter(|sort| sort.parse::<Order>().is_ok());
    let sort = sort.map_or_else(String::new, |sort| {
        format!("<input type=\"hidden\" name=\"sort\" value=\"{}\">\n", html::text(sort))
    });
    let idle = if wanted.all.as_deref().is_some_and(|all| all != "false") { " checked" } else { "" };
    let filter = html::text(wanted.filter.as_deref().unwrap_or_default());
    format!(
        "<form class=\"bar\" method=\"get\" action=\"./\">
<h2 id=\"programs-title\">Programs</h2>
<input type=\"hidden\" name=\"plain\" value=\"1\">
{sort}<div class=\"choice\"><label for=\"by\">By</label> <select id=\"by\" name=\"by\">{}</select></div>
<div class=\"choice\"><label for=\"category\">Category</label> <select id=\"category\" name=\"category\">{}{}</select></div>
<label class=\"check\"><input type=\"checkbox\" name=\"all\" value=\"true\"{idle}> idle too</label>
<div class=\"choice\"><label for=\"refresh\">Anew</label> <select id=\"refresh\" name=\"refresh\">{}{}</select></div>
<div class=\"filter\"><label for=\"filter\">Filter</label> <input id=\"filter\" name=\"filter\" type=\"search\" maxlength=\"500\" autocapitalize=\"off\" spellcheck=\"false\" placeholder=\"name, user:root, rx&gt;1M\" value=\"{filter}\"></div>
<button type=\"submit\">Show</button>
</form>
",
        groupings.concat(),
        option("", "every", category.is_none()),
        categories.concat(),
        option("", "when asked", refresh.is_none()),
        spans.concat(),
    )
}

fn option(value: &str, word: &str, chosen: bool) -> String {
    let chosen = if chosen { " selected" } else { "" };
    format!("<option value=\"{value}\"{chosen}>{word}</option>")
}
