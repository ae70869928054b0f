//! Our own pages, scripts and styles without what only their readers need: comments that have lines of their own, and indentation.
//!
//! Nothing is understood and nothing renamed, so nothing can break but a text over several lines, of which there is none.

/// `text` without comments on lines of their own, indentation, and empty lines.
pub(super) fn lean(text: &str) -> String {
    let mut lean = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if in_comment {
            in_comment = !line.ends_with("*/");
            continue;
        }
        if !line.is_empty() && !line.starts_with("//") {
            lean.push_str(line);
            lean.push('\n');
        }
    }
    lean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_readers_goes_and_what_is_for_browsers_stays() {
        let text = "// What it is.\n\n/**\n * Says it.\n */\nexport function say() {\n  return \"http://x\"; // here\n}\n/* once */\n";
        assert_eq!(lean(text), "export function say() {\nreturn \"http://x\"; // here\n}\n");
    }

    #[test]
    fn no_text_of_ours_goes_over_several_lines() {
        for asset in super::super::ASSETS {
            let Ok(text) = std::str::from_utf8(asset.bytes) else { continue };
            if asset.media_type != super::super::SCRIPT || asset.path.starts_with("vendor/") {
                continue;
            }
            let open = text.lines().find(|line| line.matches('`').count() % 2 == 1);
            assert_eq!(open, None, "{}", asset.path);
        }
    }
}
