//! A chart's archive, unpacked into a folder of its own: gzip around tar, as Helm and `gift publish` write it.
//!
//! What comes from elsewhere is not trusted: sizes are bounded, and a path or a link that leads out of the folder is
//! refused. Depends on nothing else here.

use miniz_oxide::inflate::decompress_to_vec_with_limit;
use std::path::{Component, Path, PathBuf};

/// Tar's unit.
const BLOCK: usize = 512;

/// The most an archive may hold; Helm's own bound for a chart.
const LIMIT: usize = 100 << 20;

/// Unpacks `archive` below `folder`; the folder inside that holds the chart.
///
/// The error says why it cannot be.
pub(super) fn unpack(archive: &[u8], folder: &Path) -> Result<PathBuf, String> {
    let tar = gunzip(archive)?;
    let mut top = None;
    let mut long_name = None;
    let mut rest = tar.as_slice();
    while let Some((header, behind)) = rest.split_first_chunk::<BLOCK>() {
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        let size = size_of(header)?;
        let Some(content) = behind.get(..size) else {
            return Err("it ends in the middle of a file".to_owned());
        };
        rest = behind.get(size.next_multiple_of(BLOCK)..).unwrap_or_default();
        match header[156] {
            b'L' => long_name = Some(text(content)),
            b'x' => long_name = pax_path(content),
            b'0' | 0 => {
                let name = long_name.take().unwrap_or_else(|| name_of(header));
                let path = below(&name)?;
                let first = path.components().next().map(|part| PathBuf::from(part.as_os_str()));
                top = top.or(first);
                write(&folder.join(&path), content).map_err(|error| format!("{name}: {error}"))?;
            }
            b'5' | b'g' => long_name = None,
            _ => return Err(format!("{} is neither a file nor a folder", name_of(header))),
        }
    }
    top.map(|top| folder.join(top)).ok_or_else(|| "there is no file in it".to_owned())
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, content)
}

/// RFC 1952.
fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let no_gzip = || "it is no gzip archive".to_owned();
    let (header, _) = bytes.split_first_chunk::<10>().ok_or_else(no_gzip)?;
    if header[..3] != [0x1f, 0x8b, 8] {
        return Err(no_gzip());
    }
    let mut at = 10;
    let flags = header[3];
    if flags & 4 != 0 {
        let length = bytes.get(at..at + 2).ok_or_else(no_gzip)?;
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            let behind = bytes.get(at..).ok_or_else(no_gzip)?;
            at += 1 + behind.iter().position(|byte| *byte == 0).ok_or_else(no_gzip)?;
        }
    }
    at += if flags & 2 == 0 { 0 } else { 2 };
    let end = bytes.len().saturating_sub(8);
    let body = bytes.get(at..end).ok_or_else(no_gzip)?;
    let tar = decompress_to_vec_with_limit(body, LIMIT).map_err(|error| error.to_string())?;
    let sum = bytes.get(end..end + 4).map(|sum| u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]]));
    if sum == Some(crc32fast::hash(&tar)) { Ok(tar) } else { Err("its checksum does not hold".to_owned()) }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn name_of(header: &[u8; BLOCK]) -> String {
    let name = text(&header[..100]);
    let prefix = if header[257..262] == *b"ustar" { text(&header[345..500]) } else { String::new() };
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

fn size_of(header: &[u8; BLOCK]) -> Result<usize, String> {
    let digits = text(&header[124..136]);
    let size = usize::from_str_radix(digits.trim(), 8).ok().filter(|size| *size <= LIMIT);
    size.ok_or_else(|| format!("the size of {} is no number it may be", name_of(header)))
}

/// The path in the extended header of POSIX, whose records are `LENGTH KEY=VALUE\n`.
fn pax_path(content: &[u8]) -> Option<String> {
    let mut rest = content;
    while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
        let record = rest.get(space + 1..length)?;
        if let Some(path) = record.strip_prefix(b"path=") {
            return Some(String::from_utf8_lossy(path.strip_suffix(b"\n")?).into_owned());
        }
        rest = rest.get(length..)?;
    }
    None
}

fn below(name: &str) -> Result<PathBuf, String> {
    let path: PathBuf =
        Path::new(name).components().filter(|part| !matches!(part, Component::CurDir)).collect();
    let is_below = path.components().all(|part| matches!(part, Component::Normal(_)));
    if is_below && path.components().count() > 1 {
        Ok(path)
    } else {
        Err(format!("{name:?} is no path of a file in a chart's folder"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    /// An archive of a folder `web` with these files, made by tar.
    fn archive(files: &[&str], options: &[&str]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            write(&folder.path().join("web").join(file), file.as_bytes()).unwrap();
        }
        let made =
            Command::new("tar").args(["-cz"]).args(options).arg("web").current_dir(folder.path()).output();
        made.unwrap().stdout
    }

    #[test]
    fn what_tar_packed_is_unpacked() {
        let long = format!("{}/{}/x.yaml", "d".repeat(120), "e".repeat(120));
        let files = ["Chart.yaml", "templates/a.yaml", &long];
        for format in ["--format=gnu", "--format=pax", "--format=ustar"] {
            let files = if format == "--format=ustar" { &files[..2] } else { &files[..] };
            let folder = tempfile::tempdir().unwrap();
            let top = unpack(&archive(files, &[format]), folder.path()).unwrap();
            assert_eq!(top, folder.path().join("web"));
            for file in files {
                assert_eq!(fs::read_to_string(top.join(file)).unwrap(), *file, "{format}");
            }
        }
    }

    #[test]
    fn what_leads_out_of_the_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let packed = archive(&["Chart.yaml"], &["--transform=s,web/,web/../../,S"]);
        let told = unpack(&packed, folder.path()).unwrap_err();
        assert!(told.contains("no path of a file in a chart's folder"), "{told}");
        let packed = archive(&["Chart.yaml"], &["-P", "--transform=s,^web,/web,S"]);
        assert!(unpack(&packed, folder.path()).is_err());
    }

    #[test]
    fn what_is_broken_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut packed = archive(&["Chart.yaml"], &[]);
        assert!(unpack(b"PK", folder.path()).unwrap_err().contains("no gzip"));
        let sum = packed.len() - 8;
        packed[sum] ^= 1;
        assert!(unpack(&packed, folder.path()).unwrap_err().contains("checksum"));
        packed.truncate(40);
        assert!(unpack(&packed, folder.path()).is_err());
    }
}
