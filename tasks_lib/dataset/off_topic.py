"""Questions that a documents assistant should not answer, on topics far apart from each other."""

_ENGLISH = (
    "How long should I boil an egg so that the yolk stays soft?",
    "Which flour is best for a sourdough starter?",
    "What can I use instead of eggs in a chocolate cake?",
    "How do I keep risotto from sticking to the pan?",
    "What is the difference between baking soda and baking powder?",
    "How do I sharpen a ceramic kitchen knife?",
    "Which wine goes well with grilled salmon?",
    "How long does homemade pesto keep in the refrigerator?",
    "Who won the football World Cup in 1998?",
    "How many players are on the field in a game of rugby sevens?",
    "What is the offside rule in ice hockey?",
    "How high is the net in women's volleyball?",
    "Which tennis player has won the most titles at Roland Garros?",
    "What is a good training plan for a first marathon?",
    "How does the scoring in a decathlon work?",
    "Which grip is best for a two-handed backhand?",
    "How do I reverse a linked list in Python?",
    "What is the difference between a mutex and a semaphore?",
    "How do I centre a div with CSS?",
    "Why does my JavaScript promise never resolve?",
    "What is the time complexity of merge sort?",
    "How do I undo the last commit in git?",
    "Can you write a regular expression that matches Roman numerals?",
    "What does a segmentation fault mean in C?",
    "How far away is the Andromeda galaxy?",
    "Why is Pluto no longer called a planet?",
    "How hot is the surface of Venus?",
    "What is the event horizon of a black hole?",
    "When is the next total solar eclipse visible from Iceland?",
    "How many moons does Jupiter have?",
    "What causes the colours of the northern lights?",
    "How old is the universe?",
    "What is the capital of Mongolia?",
    "Which river is the longest in South America?",
    "How deep is the Mariana Trench?",
    "Which countries border Kazakhstan?",
    "What is the highest mountain in Africa?",
    "Why is the Dead Sea so salty?",
    "Who painted the Girl with a Pearl Earring?",
    "Which instrument did Chet Baker play?",
    "How many symphonies did Beethoven write?",
    "What is a diminished seventh chord?",
    "Who wrote the novel One Hundred Years of Solitude?",
    "Can you recommend a science fiction film from the eighties?",
    "What is the plot of Macbeth?",
    "How do I tune a ukulele?",
    "Who was the first emperor of China?",
    "When did the Byzantine Empire fall?",
    "Why did the Hanseatic League decline?",
    "How did the ancient Egyptians move the stones of the pyramids?",
    "Who signed the Magna Carta?",
    "What started the Thirty Years' War?",
    "How often should I water an orchid?",
    "When is the right time to prune roses?",
    "Why are the leaves of my tomato plants turning yellow?",
    "How do I get rid of aphids on peppers?",
    "Which vegetables grow well in the shade?",
    "How long do guinea pigs live?",
    "What do hedgehogs eat in winter?",
    "How do I teach a puppy to walk on a leash?",
    "Why do cats purr?",
    "How do bees find their way back to the hive?",
    "What is the fastest animal in the sea?",
    "What is the derivative of the natural logarithm?",
    "How do I solve a quadratic equation?",
    "What is the sum of the angles in a hexagon?",
    "Who proved Fermat's Last Theorem?",
    "What is the chemical formula of table salt?",
    "Why does ice float on water?",
    "How does a nuclear reactor produce electricity?",
    "What is the half-life of carbon-14?",
    "How does a vaccine work?",
    "What are the symptoms of a vitamin D deficiency?",
    "How much sleep does a toddler need?",
    "How do I remove a tick safely?",
    "What is the best way to treat a mild sunburn?",
    "How do I fold an origami crane?",
    "How do I change the inner tube of a bicycle tyre?",
    "Which knitting stitch is stretchy enough for cuffs?",
    "How do I descale an espresso machine?",
    "What is a good opening against the Sicilian Defence?",
    "How many dice do I need to play Yahtzee?",
    "Can you tell me a joke about penguins?",
    "Write a short poem about autumn rain, would you?",
    "What will the weather be like in Madrid tomorrow?",
    "What is the Spanish word for butterfly?",
    "How do I say good morning in Finnish?",
    "What is my horoscope for Libra this week?",
)
_GERMAN = (
    "Wie lange muss ein Ei kochen, damit der Dotter weich bleibt?",
    "Welches Mehl eignet sich am besten für einen Sauerteig?",
    "Welcher Wein passt zu gegrilltem Lachs?",
    "Wie hält sich selbst gemachtes Pesto am längsten?",
    "Wie viele Spieler stehen beim Siebener-Rugby auf dem Feld?",
    "Was ist beim Eishockey Abseits?",
    "Wie trainiere ich für meinen ersten Marathon?",
    "Wie drehe ich in Python eine verkettete Liste um?",
    "Wie zentriere ich ein div mit CSS?",
    "Warum gilt Pluto nicht mehr als Planet?",
    "Wie heiß ist es auf der Oberfläche der Venus?",
    "Wie viele Monde hat der Jupiter?",
    "Wie heißt die Hauptstadt der Mongolei?",
    "Warum ist das Tote Meer so salzig?",
    "Wer hat das Mädchen mit dem Perlenohrring gemalt?",
    "Wie stimme ich eine Ukulele?",
    "Worum geht es in Macbeth?",
    "Wie oft muss ich eine Orchidee gießen?",
    "Wann schneidet man Rosen am besten?",
    "Was fressen Igel im Winter?",
    "Warum schnurren Katzen?",
    "Wie löse ich eine quadratische Gleichung?",
    "Wie entferne ich eine Zecke richtig?",
    "Wie falte ich einen Kranich aus Papier?",
    "Wie wechsle ich den Schlauch an meinem Fahrrad?",
    "Wie entkalke ich eine Espressomaschine?",
    "Kannst du mir einen Witz über Pinguine erzählen?",
    "Wie wird morgen das Wetter in Madrid?",
)

_SPANISH = (
    "¿Cuánto tiempo hay que hervir un huevo para que la yema quede blanda?",
    "¿Qué harina es la mejor para la masa madre?",
    "¿Qué vino va bien con el salmón a la parrilla?",
    "¿Cuánto dura el pesto casero en la nevera?",
    "¿Cuántos jugadores hay en el campo en el rugby a siete?",
    "¿Qué es el fuera de juego en el hockey sobre hielo?",
    "¿Cómo me preparo para mi primer maratón?",
    "¿Cómo invierto una lista enlazada en Python?",
    "¿Cómo centro un div con CSS?",
    "¿Por qué Plutón ya no se considera un planeta?",
    "¿Qué temperatura hay en la superficie de Venus?",
    "¿Cuántas lunas tiene Júpiter?",
    "¿Cuál es la capital de Mongolia?",
    "¿Por qué es tan salado el mar Muerto?",
    "¿Quién pintó La joven de la perla?",
    "¿Cómo se afina un ukelele?",
    "¿De qué trata Macbeth?",
    "¿Cada cuánto debo regar una orquídea?",
    "¿Cuándo se podan los rosales?",
    "¿Qué comen los erizos en invierno?",
    "¿Por qué ronronean los gatos?",
    "¿Cómo resuelvo una ecuación de segundo grado?",
    "¿Cómo se quita una garrapata sin peligro?",
    "¿Cómo se dobla una grulla de papel?",
    "¿Cómo cambio la cámara de una rueda de bicicleta?",
    "¿Cómo descalcifico una cafetera?",
    "¿Puedes contarme un chiste de pingüinos?",
    "¿Qué tiempo hará mañana en Madrid?",
)

_CHINESE = (
    "鸡蛋要煮多久蛋黄才不会变硬？",  # noqa: RUF001
    "做酸面包用哪种面粉最好？",  # noqa: RUF001
    "烤三文鱼配什么葡萄酒？",  # noqa: RUF001
    "自制青酱在冰箱里能放多久？",  # noqa: RUF001
    "七人制橄榄球比赛场上有几名球员？",  # noqa: RUF001
    "冰球比赛的越位是怎么回事？",  # noqa: RUF001
    "第一次跑马拉松应该怎么训练？",  # noqa: RUF001
    "用Python怎么反转链表？",  # noqa: RUF001
    "用CSS怎么让div居中？",  # noqa: RUF001
    "冥王星为什么不再算行星？",  # noqa: RUF001
    "金星表面的温度有多高？",  # noqa: RUF001
    "木星有几颗卫星？",  # noqa: RUF001
    "蒙古的首都叫什么？",  # noqa: RUF001
    "死海为什么这么咸？",  # noqa: RUF001
    "《戴珍珠耳环的少女》是谁画的？",  # noqa: RUF001
    "尤克里里怎么调音？",  # noqa: RUF001
    "《麦克白》讲的是什么故事？",  # noqa: RUF001
    "兰花多久浇一次水？",  # noqa: RUF001
    "什么时候修剪月季最合适？",  # noqa: RUF001
    "刺猬冬天吃什么？",  # noqa: RUF001
    "猫为什么会打呼噜？",  # noqa: RUF001
    "一元二次方程怎么解？",  # noqa: RUF001
    "被蜱虫咬了怎么安全取下来？",  # noqa: RUF001
    "纸鹤怎么折？",  # noqa: RUF001
    "自行车内胎怎么换？",  # noqa: RUF001
    "咖啡机怎么除垢？",  # noqa: RUF001
    "能讲一个关于企鹅的笑话吗？",  # noqa: RUF001
    "马德里明天天气怎么样？",  # noqa: RUF001
)

OFF_TOPIC: dict[str, tuple[str, ...]] = {"en": _ENGLISH, "de": _GERMAN, "es": _SPANISH, "zh": _CHINESE}
"""Language (ISO 639-1) → questions."""
