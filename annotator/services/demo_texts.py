"""What people read in the demo, in its six languages: descriptions, instructions, consent, where its responses come from."""

INSTRUCTIONS = {
    "en": """People ask a computer everyday questions: about family, work, money, faith, food, neighbours, the state. Often there is no single right answer.

Read the question and all the answers. Then choose the answer that **you** would most like to get. Go by your own values, not by what most people might say.

- Take your time. Nobody counts the minutes.
- What an answer stands for matters more than its length or style.
- If no answer wins, the other buttons let you say so.
- If you are asked why, one sentence is enough.
- Skip what you would rather not judge.
""",
    "fr": """On pose à un ordinateur des questions de tous les jours : la famille, le travail, l’argent, la foi, la cuisine, les voisins, l’État. Bien souvent, il n’y a pas une seule bonne réponse.

Lisez la question et toutes les réponses, puis choisissez celle que **vous** aimeriez le plus recevoir. Suivez vos propres valeurs, et non ce que la plupart des gens diraient.

- Prenez votre temps : personne ne compte les minutes.
- Ce qu’une réponse défend compte plus que sa longueur ou son style.
- Si aucune réponse ne l’emporte, les autres boutons permettent de le dire.
- Si l’on vous demande pourquoi, une phrase suffit.
- Passez ce que vous préférez ne pas juger.
""",
    "it": """Si fanno a un computer domande di tutti i giorni: sulla famiglia, il lavoro, il denaro, la fede, il cibo, i vicini, lo Stato. Spesso non c’è una sola risposta giusta.

Legga la domanda e tutte le risposte, poi scelga quella che **Lei** vorrebbe ricevere più delle altre. Segua i Suoi valori, non quello che direbbe la maggior parte della gente.

- Faccia con calma: nessuno conta i minuti.
- Quello che una risposta sostiene conta più della lunghezza o dello stile.
- Se nessuna risposta è la migliore, gli altri pulsanti permettono di dirlo.
- Se Le viene chiesto il perché, basta una frase.
- Salti ciò che preferisce non giudicare.
""",
    "pt": """As pessoas fazem a um computador perguntas do dia a dia: sobre família, trabalho, dinheiro, fé, comida, vizinhos, o Estado. Muitas vezes não existe uma única resposta certa.

Leia a pergunta e todas as respostas. Depois escolha a resposta que **você** mais gostaria de receber. Guie-se pelos seus próprios valores, não pelo que a maioria diria.

- Não tenha pressa: ninguém está contando os minutos.
- O que uma resposta defende importa mais do que o tamanho ou o estilo.
- Se nenhuma resposta for a melhor, os outros botões permitem dizer isso.
- Se perguntarmos o motivo, uma frase basta.
- Pule o que preferir não julgar.
""",
    "hi": """लोग कंप्यूटर से रोज़मर्रा के सवाल पूछते हैं: परिवार, काम, पैसे, आस्था, खान-पान, पड़ोस और सरकार के बारे में। अक्सर इनका कोई एक सही जवाब नहीं होता।

सवाल और सारे जवाब पढ़िए। फिर वह जवाब चुनिए जिसे पाना **आप** सबसे ज़्यादा पसंद करेंगे। अपने मूल्यों के हिसाब से चुनिए, यह सोचकर नहीं कि ज़्यादातर लोग क्या कहेंगे।

- आराम से पढ़िए, कोई समय नहीं गिन रहा।
- जवाब की लंबाई या शैली से ज़्यादा यह मायने रखता है कि वह किस बात का साथ देता है।
- अगर कोई भी जवाब सबसे अच्छा न लगे, तो दूसरे बटनों से यह बता सकते हैं।
- कारण पूछा जाए, तो एक वाक्य काफ़ी है।
- जिस पर राय न देना चाहें, उसे छोड़ दीजिए।
""",
    "ar": """يطرح الناس على الحاسوب أسئلة من الحياة اليومية: عن الأسرة والعمل والمال والدين والطعام والجيران والدولة. وكثيرًا ما لا يكون هناك جواب واحد صحيح.

اقرأ السؤال وجميع الإجابات، ثم اختر الإجابة التي تودّ **أنت** أن تتلقّاها أكثر من غيرها. احتكم إلى قيمك أنت، لا إلى ما قد يقوله معظم الناس.

- خذ وقتك، فلا أحد يعدّ الدقائق.
- ما تدافع عنه الإجابة أهمّ من طولها أو أسلوبها.
- إذا لم تكن هناك إجابة أفضل من غيرها، فالأزرار الأخرى تتيح لك قول ذلك.
- إذا سُئلت عن السبب، فجملة واحدة تكفي.
- تخطَّ ما تفضّل ألّا تحكم عليه.
""",
}

CONSENT = {
    "en": """This is a demonstration of Plurivox. You compare answers to everyday questions and say which one you prefer.

**What is kept:** your choices, the reasons you write, when you answered, and whether you used a phone, a tablet or a computer. Researchers see all of this under a made-up name, never with your account.

**Your choice:** taking part is voluntary, and you may stop at any time without saying why. Please don’t write names or other private details into your reasons.
""",
    "fr": """Ceci est une démonstration de Plurivox. Vous comparez des réponses à des questions de tous les jours et dites laquelle vous préférez.

**Ce qui est conservé :** vos choix, les raisons que vous écrivez, le moment de vos réponses et le type d’appareil (téléphone, tablette ou ordinateur). Les chercheurs voient tout cela sous un nom inventé, jamais avec votre compte.

**Vous êtes libre :** la participation est volontaire et vous pouvez arrêter à tout moment, sans dire pourquoi. N’écrivez pas de noms ni d’autres détails privés dans vos raisons.
""",
    "it": """Questa è una dimostrazione di Plurivox. Lei confronta risposte a domande di tutti i giorni e dice quale preferisce.

**Che cosa si conserva:** le Sue scelte, le ragioni che scrive, il momento delle risposte e il tipo di dispositivo (telefono, tablet o computer). I ricercatori vedono tutto sotto un nome inventato, mai insieme al Suo account.

**È libero di scegliere:** la partecipazione è volontaria e può smettere in qualsiasi momento, senza dire perché. Per favore, non scriva nomi o altri dettagli privati nelle Sue ragioni.
""",
    "pt": """Esta é uma demonstração do Plurivox. Você compara respostas a perguntas do dia a dia e diz qual prefere.

**O que é guardado:** suas escolhas, os motivos que você escreve, o momento das respostas e se usou celular, tablet ou computador. Os pesquisadores veem tudo isso sob um nome inventado, nunca com a sua conta.

**A escolha é sua:** a participação é voluntária e você pode parar a qualquer momento, sem dizer por quê. Por favor, não escreva nomes nem outros dados pessoais nos motivos.
""",
    "hi": """यह Plurivox का नमूना है। आप रोज़मर्रा के सवालों के जवाबों की तुलना करते हैं और बताते हैं कि आपको कौन-सा ज़्यादा पसंद है।

**क्या सहेजा जाता है:** आपके चुने हुए जवाब, आपके लिखे कारण, जवाब देने का समय और यह कि आपने फ़ोन, टैबलेट या कंप्यूटर इस्तेमाल किया। शोधकर्ता यह सब एक बनावटी नाम से देखते हैं, आपके खाते के साथ कभी नहीं।

**आपकी मर्ज़ी:** भाग लेना पूरी तरह आपकी इच्छा पर है और आप बिना कारण बताए कभी भी रुक सकते हैं। कृपया कारणों में नाम या दूसरी निजी बातें न लिखें।
""",
    "ar": """هذا عرض تجريبي لمنصة Plurivox. تقارن فيه بين إجابات عن أسئلة من الحياة اليومية وتقول أيّها تفضّل.

**ما الذي يُحفظ:** اختياراتك، والأسباب التي تكتبها، ووقت إجابتك، وهل استخدمت هاتفًا أم جهازًا لوحيًا أم حاسوبًا. يرى الباحثون ذلك كله تحت اسم مستعار، ولا يرونه أبدًا مقترنًا بحسابك.

**القرار لك:** المشاركة طوعية، ويمكنك التوقف في أي وقت دون ذكر السبب. من فضلك لا تكتب أسماء أو تفاصيل خاصة أخرى ضمن الأسباب.
""",
}

BUNDLED = {
    "en": "*The answers in this demo were written for it, as examples. No model server is connected.*\n",
    "fr": "*Les réponses de cette démonstration ont été rédigées pour elle, à titre d’exemple. Aucun serveur de modèles n’est connecté.*\n",
    "it": "*Le risposte di questa dimostrazione sono state scritte apposta, come esempi. Nessun server di modelli è collegato.*\n",
    "pt": "*As respostas desta demonstração foram escritas para ela, como exemplos. Nenhum servidor de modelos está conectado.*\n",
    "hi": "*इस नमूने के जवाब उदाहरण के तौर पर इसी के लिए लिखे गए हैं। कोई मॉडल सर्वर जुड़ा नहीं है।*\n",
    "ar": "*كُتبت إجابات هذا العرض خصيصًا له على سبيل المثال. لا يوجد خادم نماذج متصل.*\n",
}

DESCRIPTION = {
    "en": "Which answer to an everyday question speaks for you? A demonstration in six languages.",
    "fr": "À une question de tous les jours, quelle réponse parle pour vous ? Une démonstration en six langues.",
    "it": "A una domanda di tutti i giorni, quale risposta parla per Lei? Una dimostrazione in sei lingue.",
    "pt": "Qual resposta a uma pergunta do dia a dia fala por você? Uma demonstração em seis línguas.",
    "hi": "रोज़मर्रा के किसी सवाल का कौन-सा जवाब आपके मन की बात कहता है? छह भाषाओं में एक नमूना।",
    "ar": "أيّ إجابة عن سؤال من الحياة اليومية تعبّر عنك؟ عرض تجريبي بستّ لغات.",
}
PAIRS_DESCRIPTION = {
    "en": "Two answers to an everyday question: which one, and how clearly? A demonstration in six languages.",
    "fr": "Deux réponses à une question de tous les jours : laquelle, et avec quelle netteté ? Une démonstration en six langues.",
    "it": "Due risposte a una domanda di tutti i giorni: quale preferisce, e quanto nettamente? Una dimostrazione in sei lingue.",
    "pt": "Duas respostas a uma pergunta do dia a dia: qual delas, e com que clareza? Uma demonstração em seis línguas.",
    "hi": "रोज़मर्रा के एक सवाल के दो जवाब: आपको कौन-सा पसंद है, और कितना ज़्यादा? छह भाषाओं में एक नमूना।",
    "ar": "إجابتان عن سؤال من الحياة اليومية: أيّهما تفضّل، وبأيّ قدر من الوضوح؟ عرض تجريبي بستّ لغات.",
}
