import Glibc

/// The memory that this machine has.
public enum PhysicalMemory {
  public static let byteCount = max(sysconf(Int32(_SC_PHYS_PAGES)), 1) * max(sysconf(Int32(_SC_PAGESIZE)), 1)
}
