import assert from 'node:assert/strict'
import test from 'node:test'
import { parsePython, readPythonSettings } from './python-settings.ts'

test('literals are read as Python reads them', () => {
  for (const [text, value] of [
    [`'it\\'s'`, "it's"],
    [`r"^/api\\d"`, '^/api\\d'],
    [`"a" 'b'`, 'ab'],
    [`"""two\nlines"""`, 'two\nlines'],
    [`'caf\\xe9 \\u00e9'`, 'café é'],
    ['-3.5e2', -350],
    ['1_000', 1000],
    ['True', true],
    ['None', null],
    ['("a", 1,)', ['a', 1]],
    ['("a")', 'a'],
    ['[1, [2, (3, 4)]]', [1, [2, [3, 4]]]],
    [
      `{"a": 1, 'b': [None]}`,
      {
        pairs: [
          ['a', 1],
          ['b', [null]],
        ],
      },
    ],
    [
      'dict(a=1, b="x")',
      {
        pairs: [
          ['a', 1],
          ['b', 'x'],
        ],
      },
    ],
    ['timedelta(days=2, hours=6)', { milliseconds: 54 * 3_600_000 }],
    ['datetime.timedelta(1, 30)', { milliseconds: 86_430_000 }],
    ['timedelta(days=-1)', { milliseconds: -86_400_000 }],
  ] as const)
    assert.deepEqual(parsePython(text), value, text)
})

test('what is no literal is not read, whatever it looks like', () => {
  for (const text of [
    '3.1 * 1024',
    'os.environ["KEY"]',
    '__import__("os").system("true")',
    'f"{secret}"',
    '[x for x in y]',
    'lambda: 1',
    'timedelta(days=x)',
    'timedelta(eons=1)',
    '{"a"}',
    '"a" + "b"',
    "'unclosed",
    '[1, 2',
    '[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]',
    '',
  ])
    assert.equal(parsePython(text), undefined, text)
})

test('a settings file is data: settings with their lines, what was passed over, nothing executed', () => {
  const { values, unread } = readPythonSettings(
    [
      '# a FlexMeasures',
      'from datetime import timedelta',
      '',
      'SECRET_KEY = "a # no comment"  # a comment',
      'FLEXMEASURES_HOSTS_AND_AUTH_START: dict[str, str] = {',
      '    "a.example": "2021-01",  # ours',
      '}',
      'FLEXMEASURES_PLANNING_HORIZON = timedelta(hours=2 * 24)',
      'if DEBUG:',
      '    LOGGING_LEVEL = logging.DEBUG',
      'MAIL_PORT = \\',
      '  587',
      "SECRET_KEY = 'the last counts'",
      'x == 1',
    ].join('\r\n'),
  )
  assert.deepEqual(Object.fromEntries([...values].map(([name, { value, line }]) => [name, [value, line]])), {
    SECRET_KEY: ['the last counts', 13],
    FLEXMEASURES_HOSTS_AND_AUTH_START: [{ pairs: [['a.example', '2021-01']] }, 5],
    MAIL_PORT: [587, 11],
  })
  assert.deepEqual(
    unread.map(({ line }) => line),
    [8, 9, 10, 14],
  )
})
