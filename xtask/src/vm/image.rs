//! What the guest finds in its memory when it starts: an archive with a small system in it.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use super::{kernel::Kernel, modules, programs::Programs};
use crate::{tools, workspace};

const INIT: &str = include_str!("init.sh");
/// Everything else that the cases start is busybox.
const FROM_THE_HOST: &[&str] = &["ip", "ethtool", "nsenter", "unshare"];
const USERS: &str = "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n";
const GROUPS: &str = "root:x:0:\nnogroup:x:65534:\n";

/// Packs an image for `kernel`. It is not compressed: an emulated processor would unpack it slower than it is read.
pub(super) fn pack(kernel: &Kernel, programs: &Programs) -> Result<PathBuf> {
    let root = kernel.folder.join("root");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let image = Image { root };
    image.write("init", INIT)?;
    image.write("etc/passwd", USERS)?;
    image.write("etc/group", GROUPS)?;
    image.copy(&tools::path("busybox")?, "bin/busybox")?;
    for program in FROM_THE_HOST {
        let path = tools::path(program)?;
        image.copy(&path, format!("usr/bin/{program}"))?;
        image.libraries(&path)?;
    }
    for program in &programs.started {
        image.stripped(program, program)?;
        image.libraries(program)?;
    }
    image.stripped(&programs.suite, Path::new("suite"))?;
    image.libraries(&programs.suite)?;
    image.modules(&kernel.modules)?;
    image.archive(&kernel.folder.join("image.cpio"))
}

struct Image {
    root: PathBuf,
}

impl Image {
    /// Where `path` of the guest is, with a folder around it.
    fn place(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        let path = path.as_ref();
        let place = self.root.join(path.strip_prefix("/").unwrap_or(path));
        let folder = place.parent().context("a file lies in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(place)
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let place = self.place(path)?;
        fs::write(&place, text).with_context(|| format!("cannot write {}", place.display()))
    }

    fn copy(&self, from: &Path, path: impl AsRef<Path>) -> Result<()> {
        fs::copy(from, self.place(path)?).with_context(|| format!("cannot copy {}", from.display()))?;
        Ok(())
    }

    /// A program of ours, without what only a debugger needs: that is nine tenths of it.
    fn stripped(&self, from: &Path, path: &Path) -> Result<()> {
        let place = self.place(path)?;
        workspace::output(Command::new("strip").arg("-o").arg(place).arg(from))?;
        Ok(())
    }

    /// The libraries that a program is linked with, at the paths where it finds them.
    fn libraries(&self, program: &Path) -> Result<()> {
        let listed = workspace::output(Command::new("ldd").arg(program))?;
        for library in libraries(&listed) {
            self.copy(library, library)?;
        }
        Ok(())
    }

    /// Modules, numbered in the order in which they are to be loaded.
    fn modules(&self, folder: &Path) -> Result<()> {
        let dependencies =
            fs::read_to_string(folder.join("modules.dep")).context("cannot read modules.dep")?;
        for (number, file) in modules::in_order(&dependencies, modules::WANTED).into_iter().enumerate() {
            let name = file.rsplit('/').next().unwrap_or(file);
            self.copy(&folder.join(file), format!("modules/{number:03}-{name}"))?;
        }
        Ok(())
    }

    fn archive(&self, file: &Path) -> Result<PathBuf> {
        // The guest's other users look into its root folder too.
        workspace::output(Command::new("chmod").current_dir(&self.root).args(["755", ".", "init"]))?;
        let names = workspace::output(Command::new("find").current_dir(&self.root).args([".", "-print0"]))?;
        let archive = fs::File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
        let mut cpio = Command::new("cpio");
        cpio.args(["--create", "--quiet", "--null", "--format", "newc", "--owner", "0:0"]);
        cpio.current_dir(&self.root).stdin(Stdio::piped()).stdout(archive);
        let mut packing = cpio.spawn().context("cannot start cpio")?;
        packing.stdin.take().context("piped")?.write_all(names.as_bytes())?;
        let status = packing.wait()?;
        if !status.success() {
            bail!("cpio failed ({status})");
        }
        Ok(file.to_owned())
    }
}

/// The files in what `ldd` prints: `NAME => FILE (ADDRESS)`, or `FILE (ADDRESS)` for what loads the others.
fn libraries(listed: &str) -> Vec<&Path> {
    let words = listed.lines().flat_map(|line| line.split_whitespace());
    words.filter(|word| word.starts_with('/')).map(Path::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_those_with_a_file() {
        let listed = "\tlinux-vdso.so.1 (0x00007ffe)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x00007f1)\n\
                      \t/lib64/ld-linux-x86-64.so.2 (0x00007f2)\n";
        assert_eq!(
            libraries(listed),
            [Path::new("/lib/x/libc.so.6"), Path::new("/lib64/ld-linux-x86-64.so.2")]
        );
        assert_eq!(libraries("\tnot a dynamic executable\n"), Vec::<&Path>::new());
    }
}
