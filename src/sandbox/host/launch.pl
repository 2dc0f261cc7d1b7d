# Starts a program behind layers that need no privileges: Landlock (it can read only the paths named here) and seccomp (it can make
# only the system calls that the filter allows). In Perl, because that can make any system call without a compiler and is part of
# every Debian system.
#
#   perl launch.pl ARCH [read=PATH]... [seccomp=FILTER] -- PROGRAM ARGUMENT...
#
# ARCH is x64 or arm64; FILTER is the output of src/sandbox/host/seccomp.ts. Exits with 125 if a requested layer is unavailable.
use strict;
use warnings;

my %CALLS = (
  x64   => { prctl => 157, seccomp => 317, execve => 59 },
  arm64 => { prctl => 167, seccomp => 277, execve => 221 },
);
my ($CREATE_RULESET, $ADD_RULE, $RESTRICT_SELF) = (444, 445, 446);
my $PR_SET_NO_NEW_PRIVS = 38;
my ($O_PATH, $O_CLOEXEC) = (010000000, 02000000);

my $call = $CALLS{ shift @ARGV // '' } // refuse('unknown architecture');
my (@readable, $filter);
while (defined(my $word = shift @ARGV)) {
  last if $word eq '--';
  my ($name, $value) = split(/=/, $word, 2);
  if    ($name eq 'read')    { push @readable, $value }
  elsif ($name eq 'seccomp') { $filter = $value }
  else                       { refuse("unknown option $name") }
}
my $program = shift @ARGV // refuse('no program is named');
# pointers to strings that must outlive the call: to variables, not to temporary values
my @environment = map { "$_=$ENV{$_}" } keys %ENV;
my $argument_pointers = pack('p*', $program, @ARGV, undef);
my $environment_pointers = pack('p*', @environment, undef);

syscall($call->{prctl}, $PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 or refuse("no_new_privs: $!");
restrict_files(@readable) if @readable;
restrict_calls($filter)   if defined $filter;
syscall($call->{execve}, $program, $argument_pointers, $environment_pointers);
refuse("execve: $!");

sub refuse {
  print STDERR "launch: $_[0]\n";
  exit 125;
}

# Handled rights are denied unless a rule allows them; which rights exist depends on the kernel's Landlock version.
sub restrict_files {
  my @paths = @_;
  my $version = syscall($CREATE_RULESET, 0, 0, 1);
  refuse("landlock: $!") if $version < 1;
  my ($execute, $read_file, $read_folder) = (1 << 0, 1 << 2, 1 << 3);
  my $files = (1 << 13) - 1;
  $files |= 1 << 13 if $version >= 2;
  $files |= 1 << 14 if $version >= 3;
  $files |= 1 << 15 if $version >= 5;
  my $network = $version >= 4 ? 3 : 0;
  my $scopes = $version >= 6 ? 3 : 0;
  my $attributes = pack('QQQ', $files, $network, $scopes);
  my $size = $version >= 6 ? 24 : $version >= 4 ? 16 : 8;
  my $ruleset = syscall($CREATE_RULESET, $attributes, $size, 0);
  refuse("landlock: $!") if $ruleset < 0;
  for my $path (@paths) {
    sysopen(my $place, $path, $O_PATH | $O_CLOEXEC) or next;
    my $rights = $execute | $read_file | (-d $path ? $read_folder : 0);
    my $rule = pack('Ql', $rights, fileno($place));
    syscall($ADD_RULE, $ruleset, 1, $rule, 0) == 0 or refuse("landlock: $path: $!");
  }
  syscall($RESTRICT_SELF, $ruleset, 0) == 0 or refuse("landlock: $!");
}

sub restrict_calls {
  my ($text) = @_;
  my $address = unpack('Q', pack('p', $program));
  my %known = (pid => $$, 'path-low' => $address & 0xffffffff, 'path-high' => $address >> 32);
  my @instructions = map { [split(/,/)] } split(/ /, $text);
  my $code = join('', map { pack('SCCL', @$_[0 .. 2], $known{ $_->[3] } // $_->[3]) } @instructions);
  my $compiled = pack('Sx6P', scalar(@instructions), $code);
  syscall($call->{seccomp}, 1, 0, $compiled) == 0 or refuse("seccomp: $!");
}
