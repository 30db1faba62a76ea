/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which files the raw event security_file_open reports: a file matches by its name, by the end of its name,
 * or by a directory above it. Directories are compared by (device, inode) on the way to the root, not by
 * text, so that a bind mount or a chroot cannot hide a file. Nothing here runs unless the event is selected.
 */
#ifndef MEMWARDEN_RAW_FILTER_BPF_H
#define MEMWARDEN_RAW_FILTER_BPF_H

#include "text.bpf.h"

#define MW_RAW_NAME_BYTES     64
#define MW_RAW_SUFFIX_BYTES   16
#define MW_RAW_FILTER_ENTRIES 256

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MW_RAW_FILTER_ENTRIES);
	__type(key, char[MW_RAW_NAME_BYTES]);
	__type(value, __u8);
} raw_names SEC(".maps");

/* The end of a name in reverse, so that the LPM trie finds a suffix as a prefix. */
struct mw_suffix {
	__u32 prefix_bits;
	char reversed[MW_RAW_SUFFIX_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MW_RAW_FILTER_ENTRIES);
	__type(key, struct mw_suffix);
	__type(value, __u8);
} raw_suffixes SEC(".maps");

struct mw_directory {
	__u64 inode;
	__u64 device; /* kernel dev_t */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MW_RAW_FILTER_ENTRIES);
	__type(key, struct mw_directory);
	__type(value, __u8);
} raw_directories SEC(".maps");

static __always_inline bool name_listed(const unsigned char *name, __u32 length)
{
	char key[MW_RAW_NAME_BYTES] = {};

	if (length >= MW_RAW_NAME_BYTES)
		return false;
	bpf_probe_read_kernel_str(key, sizeof(key), name);
	return bpf_map_lookup_elem(&raw_names, key);
}

static __always_inline bool suffix_listed(const unsigned char *name, __u32 length)
{
	struct mw_suffix key = {.prefix_bits = MW_RAW_SUFFIX_BYTES * 8};
	__u32 i;

	for (i = 0; i < MW_RAW_SUFFIX_BYTES && i < length; i++)
		bpf_probe_read_kernel(&key.reversed[i], 1, name + length - 1 - i);
	return bpf_map_lookup_elem(&raw_suffixes, &key);
}

/* A global function: see text.bpf.h. */
__noinline int under_listed_directory(__u64 vfsmount_address, __u64 dentry_address)
{
	struct vfsmount *vfsmount = (void *)vfsmount_address;
	struct dentry *dentry = (void *)dentry_address, *parent;
	struct mount *mount = mount_of(vfsmount), *mount_parent;
	struct dentry *root = BPF_CORE_READ(vfsmount, mnt_root);
	struct mw_directory key = {};
	int step;

	for (step = 0; step < MW_PATH_STEPS_MAX; step++) {
		key.inode = BPF_CORE_READ(dentry, d_inode, i_ino);
		key.device = BPF_CORE_READ(dentry, d_inode, i_sb, s_dev);
		if (bpf_map_lookup_elem(&raw_directories, &key))
			return true;
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry != root && dentry != parent) {
			dentry = parent;
			continue;
		}
		mount_parent = BPF_CORE_READ(mount, mnt_parent);
		if (mount == mount_parent)
			return false;
		dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		mount = mount_parent;
		root = BPF_CORE_READ(mount, mnt.mnt_root);
	}
	return false;
}

static __always_inline bool raw_filter_wants(struct vfsmount *mnt, struct dentry *dentry)
{
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	__u32 length = BPF_CORE_READ(dentry, d_name.len);

	if (knobs.raw_unfiltered)
		return true;
	if (knobs.raw_by_name && name_listed(name, length))
		return true;
	if (knobs.raw_by_suffix && suffix_listed(name, length))
		return true;
	return knobs.raw_by_directory && under_listed_directory((__u64)mnt, (__u64)dentry);
}

#endif
