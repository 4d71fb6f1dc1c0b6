"""Program code in many languages, and prose in shapes that code has; written here.

In each piece of code nothing is meant for people; in each text of `PROSE` everything
is. Pieces begin after the first line break.
"""

CODE = {
    "Python": r"""
def total(rows):
    out = {}
    for row in rows:
        out[row.key] = row.value + 1
    return out""",
    "Rust": r"""
fn area(shape: &Shape) -> f64 {
    match shape {
        Shape::Disc(r) => PI * r * r,
        Shape::Rect { w, h } => w * h,
    }
}""",
    "Go": r"""
func (s *Store) Get(key string) (int, error) {
	v, ok := s.m[key]
	if !ok {
		return 0, ErrMissing
	}
	return v, nil
}""",
    "C": r"""
#include <stdio.h>
static int sum(const int *a, size_t n)
{
	int t = 0;
	while (n--)
		t += *a++;
	return t;
}""",
    "C++": r"""
template <typename T>
class Pool {
 public:
  explicit Pool(std::size_t n) : items_(n) {}
 private:
  std::vector<T> items_;
};""",
    "Java": r"""
public final class Basket {
    private final List<Item> items = new ArrayList<>();
    public void add(Item item) {
        items.add(item);
    }
}""",
    "Kotlin": r"""
data class Point(val x: Int, val y: Int)
fun shift(p: Point, by: Int = 1): Point {
    return p.copy(x = p.x + by)
}""",
    "Scala": r"""
object Main extends App {
  val xs = List(1, 2, 3).map(_ * 2)
  xs.foreach(println)
  case class Node(id: Int, next: Option[Node])
}""",
    "JavaScript": r"""
const store = require('./store');
module.exports = async (req, res) => {
  const item = await store.find(req.params.id);
  res.json(item ?? null);
};""",
    "TypeScript": r"""
export interface Row {
  id: number;
  tags?: string[];
}
export const byId = (rows: Row[]): Map<number, Row> =>
  new Map(rows.map((r) => [r.id, r]));""",
    "Ruby": r"""
class Counter
  attr_reader :n
  def initialize(n = 0)
    @n = n
  end
  def up!
    @n += 1
  end
end""",
    "Lua": r"""
local M = {}
function M.sum(t)
  local s = 0
  for _, v in ipairs(t) do
    s = s + v
  end
  return s
end
return M""",
    "Haskell": r"""
module Tree where
data Tree a = Leaf | Node (Tree a) a (Tree a)
insert :: Ord a => a -> Tree a -> Tree a
insert x Leaf = Node Leaf x Leaf
insert x t@(Node l y r)
  | x < y = Node (insert x l) y r
  | otherwise = t""",
    "R": r"""
fit <- lm(y ~ x, data = d)
plot(d$x, d$y, pch = 19)
abline(fit, col = "red")
out <- sapply(split(d, d$g), function(p) mean(p$y))""",
    "Perl": r"""
my %seen;
while (my $line = <$in>) {
    chomp $line;
    next if $seen{$line}++;
    push @out, $line =~ s/\s+$//r;
}""",
    "PHP": r"""
<?php
$rows = array_filter($all, fn($r) => $r['n'] > 2);
foreach ($rows as $row) {
    echo $row['id'], PHP_EOL;
}
return $this->rows;""",
    "Shell": r'''
set -eu
for f in "$dir"/*.txt; do
  [ -f "$f" ] || continue
  wc -l < "$f" >> "$out"
done
export PATH="$HOME/bin:$PATH"''',
    "SQL": r"""
SELECT c.id, count(*) AS n
FROM carts c
LEFT JOIN items i ON i.cart_id = c.id
WHERE c.closed_at IS NULL
GROUP BY c.id
HAVING count(*) > 3;""",
    "CSS": r"""
.card > h2:hover {
  color: #336699;
  margin: 0 auto;
  font-size: 1.2rem;
}
@media (max-width: 600px) {
  .card { display: none; }
}""",
    "Vim": r"""
syntax match demoNumber /\d\+/ contained
highlight default link demoNumber Number
let g:demo_loaded = 1
if exists('b:did_ftplugin')
  finish
endif
setlocal commentstring=#%s""",
    "CMake": r"""
cmake_minimum_required(VERSION 3.20)
project(demo C)
add_library(demo STATIC src/a.c src/b.c)
target_include_directories(demo PUBLIC include)
install(TARGETS demo DESTINATION lib)""",
    "Makefile": r"""
CFLAGS += -O2 -Wall
all: demo
demo: a.o b.o
	$(CC) $(LDFLAGS) -o $@ $^
clean:
	rm -f *.o demo
.PHONY: all clean""",
    "Dockerfile": r"""
FROM debian:12-slim
RUN apt-get update && apt-get install -y curl git
WORKDIR /srv/app
COPY requirements.txt .
RUN pip install -r requirements.txt
ENV PORT=8080
CMD ["python", "-m", "app"]""",
    "LaTeX": r"""
\documentclass[a4paper]{article}
\usepackage{graphicx}
\newcommand{\R}{\mathbb{R}}
\begin{document}
\maketitle
\includegraphics[width=\textwidth]{fig1}
\end{document}""",
    "Assembly": r"""
section .text
global _start
_start:
	mov	eax, 1
	mov	ebx, [rsp+8]
	add	eax, ebx
	jne	.loop
	int	0x80""",
    "Diff": r"""
diff --git a/src/a.c b/src/a.c
index 83db48f..bf269f4 100644
--- a/src/a.c
+++ b/src/a.c
@@ -1,4 +1,4 @@
-int n = 0;
+int n = 1;
 return n;""",
    "Python trace": r"""
Traceback (most recent call last):
  File "/srv/app/main.py", line 12, in <module>
    run(load(path))
  File "/srv/app/load.py", line 40, in load
    return json.load(f)
KeyError: 'rows'""",
    "Java trace": r"""
java.lang.IllegalStateException: closed
	at com.demo.Pool.take(Pool.java:88)
	at com.demo.Server.handle(Server.java:41)
	at com.demo.Main.main(Main.java:12)
Caused by: java.io.IOException: reset""",
    "JSON": r"""
{
  "id": 17,
  "tags": ["a", "b"],
  "size": {"w": 3, "h": 4},
  "ok": true,
  "next": null
}""",
    "TOML": r"""
[project]
name = "demo"
version = "0.1.0"
requires-python = ">=3.10"
[tool.ruff]
line-length = 88
select = ["E", "F"]""",
    "INI": r"""
[server]
host = 127.0.0.1
port = 8080
log_level = debug
[cache]
enabled = true
max_size = 512""",
    "YAML": r"""
services:
  web:
    image: demo/web:1.2
    ports:
      - 8080:80
    depends_on:
      - db
    restart: always""",
    "CSV": r"""
id,name,qty,price
1,abc_12,4,2.50
2,xk_99,10,0.75
3,qq_41,7,12.00
4,zz_03,1,99.90""",
    "Clojure": r"""
(ns demo.core
  (:require [clojure.string :as str]))
(defn total [xs]
  (reduce + (map :qty xs)))
(def m {:a 1 :b 2})""",
    "Erlang": r"""
-module(demo).
-export([start/0, loop/1]).
start() ->
    spawn(?MODULE, loop, [0]).
loop(N) ->
    receive {add, M} -> loop(N + M) end.""",
    "Elixir": r"""
defmodule Demo do
  def sum([]), do: 0
  def sum([h | t]), do: h + sum(t)
  @spec add(integer, integer) :: integer
  def add(a, b), do: a + b
end""",
    "OCaml": r"""
let rec sum = function
  | [] -> 0
  | x :: xs -> x + sum xs
module M = Map.Make (String)
let () = Printf.printf "%d\n" (sum [1; 2; 3])""",
}

PROSE = {
    "recipe, German": (
        "deu",
        """
Zutaten:
- 250 g Mehl
- 3 Eier
- 1/2 l Milch
- eine Prise Salz

Zubereitung:
1. Das Mehl in eine Schüssel geben.
2. Die Eier mit der Milch verrühren.
3. Alles zehn Minuten ruhen lassen.""",
    ),
    "recipe, Spanish": (
        "spa",
        """
Ingredientes (4 personas):
* 400 g de arroz
* 2 dientes de ajo
* 1 cebolla pequeña
* aceite de oliva

Preparación:
1) Pica la cebolla y el ajo.
2) Sofríe todo durante diez minutos.
3) Añade el arroz y remueve.""",
    ),
    "poem, English": (
        "eng",
        """
the rain came down
  on the old tin roof,
and nobody spoke
  of the road we took;

the river ran high,
  the fields lay still,
and somebody sang
  at the foot of the hill""",
    ),
    "poem, French": (
        "fra",
        """
la lune est tombée
    dans le puits du village,
les enfants la regardent
    sans faire de bruit,
et la vieille chanson
    s'en va sur la route,
    plus lente que nous""",
    ),
    "chat, English": (
        "eng",
        """
[12:03] <ana> are you coming tonight?
[12:04] <ben> not sure yet, it depends on the weather :)
[12:04] <ana> come on, everybody will be there
[12:05] <ben> ok ok, but only if you bring the guitar
[12:06] <ana> deal!""",
    ),
    "chat, Indonesian": (
        "ind",
        """
12:03 - Ana: kamu jadi datang nanti malam?
12:04 - Budi: belum tahu, masih ada pekerjaan di kantor
12:04 - Ana: ayo dong, semua teman sudah menunggu
12:05 - Budi: baiklah, tapi saya datang agak terlambat ya""",
    ),
    "contents, English": (
        "eng",
        """
Contents
1. Introduction ........ 3
1.1 How this book came about ........ 5
1.2 What the reader should know ........ 9
2. The first settlers ........ 14
2.1 Houses by the river ........ 17
2.2 Winters without bread ........ 23
3. What became of them ........ 41""",
    ),
    "contents, Polish": (
        "pol",
        """
Spis treści
1. Wstęp ........ 3
1.1. Jak powstała ta książka ........ 5
1.2. O czym warto pamiętać ........ 9
2. Pierwsi mieszkańcy ........ 14
2.1. Domy nad rzeką ........ 17
3. Co się z nimi stało ........ 41""",
    ),
    "statute, English": (
        "eng",
        """
§ 4 Duties of the tenant
(1) The tenant shall
(a) keep the rooms clean;
(b) give notice of any damage;
(c) allow the owner to enter, where
    (i) this has been announced, or
    (ii) there is danger.
(2) Subsection (1)(c) does not apply at night.""",
    ),
    "statute, Portuguese": (
        "por",
        """
Art. 5º São deveres do morador:
I - manter o imóvel limpo;
II - avisar o proprietário de qualquer dano;
III - permitir a entrada do dono quando:
a) tiver sido anunciada; ou
b) houver perigo.
Parágrafo único. O disposto no inciso III não se aplica à noite.""",
    ),
    "citations, English": (
        "eng",
        """
[1] A. Meyer and B. Okafor, The price of water, Journal of Rivers 12 (2009), 33-47.
[2] C. Lindqvist, On the rights of fishermen, in: D. Amara (ed.),
Law of the Coast, 2nd ed., 1998, pp. 101-130.
[3] Ibid., p. 117; see also Meyer and Okafor (note 1), at 40.""",
    ),
    "chemistry, English": (
        "eng",
        """
The mixture of 2.5 g NaCl and 10 ml of 0.1 M HCl was heated to 80 °C.
After 30 min, 5 ml of H2SO4 (98 %) were added slowly;
the solution turned green, which shows that CuCl2 had formed.
The yield was 73 % (1.8 g).""",
    ),
    "mathematics, German": (
        "deu",
        """
Sei f: R -> R stetig und f(0) = 1. Dann gibt es ein x > 0 mit f(x) > 0.
Beweis. Angenommen, es wäre f(x) <= 0 für alle x > 0.
Dann folgt f(0) = lim f(x) <= 0, im Widerspruch zu f(0) = 1.
Also ist die Behauptung richtig.""",
    ),
    "mathematics, English": (
        "eng",
        """
Let n > 2 and let x, y be elements of G such that xy = yx.
Then (xy)^n = x^n y^n for all n, as one sees by induction:
for n = 1 there is nothing to show, and if it holds for n,
then (xy)^(n+1) = x^n y^n xy, which is x^(n+1) y^(n+1).""",
    ),
    "list, Swahili": (
        "swh",
        """
Mambo ya kukumbuka:
- kuleta maji safi
- kufunga mlango wa nyuma
- kuwaita watoto nyumbani
- kununua mkate na sukari
- kumwandikia bibi barua""",
    ),
    "list, Turkish": (
        "tur",
        """
Yapılacaklar:
* sabah pazara gitmek
* çocukları okuldan almak
* komşuya mektubu vermek
* akşam yemeğini hazırlamak
* kapıyı kilitlemek""",
    ),
    "dialogue, Italian": (
        "ita",
        """
MARIA: Dove sei stato tutta la notte?
LUCA: Al porto, con gli altri pescatori.
MARIA: E il pesce? Dov'è il pesce?
LUCA: Il mare non ha voluto darci niente.""",
    ),
    "questions, Vietnamese": (
        "vie",
        """
Câu 1: Thủ đô của nước ta là gì?
A. Huế
B. Hà Nội
C. Đà Nẵng
Câu 2: Con sông nào dài nhất?
A. Sông Hồng
B. Sông Mê Kông
C. Sông Đà""",
    ),
    "letter, Dutch": (
        "nld",
        """
> Kun je morgen even langskomen?
> Ik heb nog een vraag over het huis.

Ja hoor, morgen om drie uur kan ik.
Neem jij de sleutel mee?

--
Groeten,
Jan""",
    ),
    "timetable, English": (
        "eng",
        """
Monday: the library is closed
Tuesday: reading for children (ages 4 to 8)
Wednesday: open until nine in the evening
Thursday: the book club meets at six; new members are welcome
Friday: closed for repairs""",
    ),
}

CODE = {name: code[1:] for name, code in CODE.items()}
PROSE = {name: (code, text[1:]) for name, (code, text) in PROSE.items()}
