// Environment variables of the user's shell that would change what npm, pip and Python do for us.

/** Python's variables that say nothing of where modules come from or how code runs. */
const harmlessPython =
  /^PYTHON(HASHSEED|UNBUFFERED|UTF8|IOENCODING|DONTWRITEBYTECODE|FAULTHANDLER)$/;

/** pip's variables that say how to reach an index; the others say where and what to install. */
const networkPip =
  /^PIP_(INDEX_URL|EXTRA_INDEX_URL|NO_INDEX|FIND_LINKS|PROXY|CERT|CLIENT_CERT|TRUSTED_HOST|CACHE_DIR|NO_CACHE_DIR|TIMEOUT|DEFAULT_TIMEOUT|RETRIES|CONFIG_FILE|KEYRING_PROVIDER|USE_FEATURE|USE_DEPRECATED|AUDIT_\w+)$/;

/** npm's settings that decide what is installed, where, or that packages run code. */
const installingNpm =
  /^npm_config_(omit|include|only|also|production|dev|optional|global|location|prefix|dry_run|ignore_scripts|package_lock|package_lock_only|install_strategy|install_links|legacy_bundling|global_style|bin_links|workspaces?|include_workspace_root|force|legacy_peer_deps|strict_peer_deps|engine_strict|json|parseable|os|cpu|libc|loglevel|before|prefer_dedupe|save|script_shell)$/i;

/** True if a variable would change the behavior of set-up. */
const bends = (name) =>
  (/^PYTHON/.test(name) && !harmlessPython.test(name)) ||
  (/^PIP_/.test(name) && !networkPip.test(name)) ||
  installingNpm.test(name.replaceAll("-", "_"));

/** Remove the variables that would bend what set-up does; returns their names. */
export function cleanEnvironment(env = process.env) {
  const removed = Object.keys(env).filter(bends);
  for (const name of removed) delete env[name];
  return removed;
}
