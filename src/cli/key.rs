//! `bidui key`.

use super::args::KeyArgs;
use super::{Failure, ui};
use crate::store::new_key::make as make_key;

pub(super) fn key(arguments: &KeyArgs) -> Result<u8, Failure> {
    make_key(&arguments.path).map_err(Failure::usage)?;
    let path = arguments.path.display();
    ui::result(&format!(
        "密钥写入 {path}（32 个随机字节，只有本人可读）。在流程文件里写 key = \"…\"（路径从流程文件所在的文件夹算起），每月用同一个；\
         请在别处另存一份：丢了就接不上以前的编号，给了别人就能凭编号试出身份证号"
    ));
    Ok(0)
}
