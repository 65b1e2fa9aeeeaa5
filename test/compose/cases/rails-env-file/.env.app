# comment
export RAILS_ENV=production
SECRET="a $PORT b"
SINGLE='a $PORT b'
MULTI="one
two"
INLINE=value # not this
HASH=a#b
EMPTY=
COLON: yes
URL=http://x/?a=b&c=d
NESTED=${SECRET}-${UNSET:-dflt}
ESC="tab\there \"quoted\" \$HOME"
SP = spaced
PORT
