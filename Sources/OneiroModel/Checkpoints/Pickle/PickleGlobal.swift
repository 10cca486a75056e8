/// A class or function that a pickle names. It stays a name: nothing is imported or looked up.
struct PickleGlobal: Hashable, Sendable, CustomStringConvertible {
  /// The module as Python 3 and NumPy 2 call it.
  let module: String
  let name: String

  init(module: String, name: String) {
    var module = Self.formerNames[module] ?? module
    if module.hasPrefix("numpy.core.") { module = "numpy._core." + module.dropFirst("numpy.core.".count) }
    self.module = module
    self.name = name
  }

  var description: String { "\(module).\(name)" }

  private static let formerNames = ["__builtin__": "builtins", "copy_reg": "copyreg", "exceptions": "builtins"]

  /// Whether an instance may be made of it that holds what the pickle says, and no more: a class of the training
  /// program or of a library it uses. Classes of Python's own library never stand for settings, and some of them start
  /// programs, so that a pickle that makes one is not what it claims to be.
  var isRecordClass: Bool {
    if Self.plainClasses.contains(description) { return true }
    let package = module.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? ""
    if package == "__main__" || package == "__mp_main__" { return true }
    return !package.isEmpty && !package.hasPrefix("_") && !Self.standardLibrary.contains(package)
  }

  /// Classes of Python's library that hold attributes and nothing else.
  private static let plainClasses: Set<String> = ["argparse.Namespace", "types.SimpleNamespace"]

  /// The top modules of Python's library, versions 2.7 and 3.6 to 3.14. Left out are those that begin with "_", and old
  /// ones whose names a program of today may well have for its own ("parser", "user").
  private static let standardLibrary = Set(
    """
    abc aifc annotationlib antigravity anydbm argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb \
    binascii binhex bisect bsddb builtins bz2 cPickle cProfile cStringIO calendar cgi cgitb chunk cmath cmd code \
    codecs codeop collections colorsys commands compileall compiler compression concurrent configparser contextlib \
    contextvars cookielib copy copyreg crypt csv ctypes curses dataclasses datetime dbhash dbm decimal difflib \
    dircache dis distutils doctest dumbdbm dummy_thread dummy_threading email encodings ensurepip enum errno \
    faulthandler fcntl filecmp fileinput fnmatch formatter fractions ftplib functools future_builtins gc gdbm \
    genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac hotshot html htmlentitydefs http \
    httplib idlelib imaplib imghdr imp importlib imputil inspect io ipaddress itertools json keyword lib2to3 \
    linecache locale logging lzma macpath mailbox mailcap marshal math md5 mhlib mimetools mimetypes mmap \
    modulefinder msilib msvcrt multifile multiprocessing mutex netrc new nis nntplib nt ntpath nturl2path numbers \
    opcode operator optparse os os2emxpath ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform \
    plistlib popen2 poplib posix posixfile posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data \
    pyexpat queue quopri random re readline reprlib resource rexec rlcompleter runpy sched secrets select selectors \
    sets sgmllib sha shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre \
    sre_compile sre_constants sre_parse ssl stat statistics statvfs string stringold stringprep struct subprocess \
    sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap this thread \
    threading time timeit tkinter token tokenize toaiff tomllib trace traceback tracemalloc tty turtle turtledemo \
    types typing unicodedata unittest urllib urllib2 urlparse uu uuid venv warnings wave weakref webbrowser \
    whichdb winreg winsound wsgiref xdrlib xml xmllib xmlrpc xmlrpclib zipapp zipfile zipimport zlib zoneinfo
    """.split(separator: " ").map(String.init))
}
