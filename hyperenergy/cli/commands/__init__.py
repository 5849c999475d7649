"""The commands, one file each, which `app` finds here: nothing heavy is loaded at the top of one."""
